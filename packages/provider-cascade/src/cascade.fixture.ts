import { type RealtimeConnectOptions, type RealtimeEvent, type RealtimeSessionConfig, silence } from "@roomkit/core";
import {
  type AIScript,
  FakePipeline,
  type FakePipelineStream,
  ScriptedAI,
  ScriptedStt,
  ScriptedTts,
  type SttScript,
  VirtualClock,
} from "@roomkit/testing";
import { cascade } from "./cascade.ts";
import type { CascadeOptions } from "./options.ts";

/** A session of scripted parts, and what came of it. */
export async function open(
  stt: SttScript[],
  answers: AIScript[],
  config: RealtimeSessionConfig = {},
  options: Partial<CascadeOptions> = {},
  caller: Partial<RealtimeConnectOptions> = {},
) {
  const clock = new VirtualClock();
  const pipeline = new FakePipeline();
  const model = new ScriptedAI(clock, answers, 20);
  const recogniser = new ScriptedStt(clock, stt);
  const voice = new ScriptedTts(clock, { wordTimings: true, delayMs: 10 });
  const provider = cascade({ stt: recogniser, ai: model, tts: voice, pipeline, clock, ...options });
  const session = await provider.connect(config, { signal: new AbortController().signal, ...caller });
  const events: RealtimeEvent[] = [];
  session.onEvent((event) => events.push(event));
  const stream = pipeline.streams[0] as FakePipelineStream;
  let at = 0;
  const microphone = async (ms: number): Promise<void> => {
    for (let t = 0; t < ms; t += 20, at += 20) {
      session.sendAudio(silence(session.inbound, 20, at));
      await clock.advance(20);
    }
  };
  const speak = async (ms = 600): Promise<void> => {
    await microphone(60);
    stream.speechStart(60);
    await microphone(ms + 500);
    stream.speechEnd(500);
  };
  const of = <T extends RealtimeEvent["type"]>(type: T) =>
    events.filter((e): e is Extract<RealtimeEvent, { type: T }> => e.type === type);
  return { pipeline, clock, provider, session, events, stream, model, voice, recogniser, microphone, speak, of };
}
