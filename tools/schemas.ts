import * as standIns from "../packages/provider-standins/src/index.ts";

/** Before any test: the schemas of the vendors' SDKs, which are made once and then come from a cache. No test's time is spent on it. */
export async function setup(): Promise<void> {
  const routes = [
    standIns.anthropicMessages(),
    standIns.deepgramListenV1(),
    standIns.deepgramListenV2(),
    standIns.deepgramPrerecorded(),
    standIns.geminiGenerate(),
    standIns.geminiLiveRoute(),
    standIns.geminiSpeech(),
    standIns.openaiRealtimeRoute(),
    standIns.openaiResponses(),
    standIns.openaiSpeech(),
    standIns.openaiTranscriptions({ script: () => "" }),
  ];
  for (const { prepare } of routes) await prepare?.();
}
