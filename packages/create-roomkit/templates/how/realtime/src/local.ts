import { audioPipeline } from "@roomkit/pipeline";
import { browser } from "@roomkit/presets";
import { cascade } from "@roomkit/provider-cascade";
import { heuristicTurns } from "@roomkit/turn-heuristic";
import { fliteTts, moonshineStt, offlineAI } from "roomkit";

/** Speech to speech on this machine: a recogniser, rules and a voice as one. */
export async function localSpeech() {
  const stt = moonshineStt();
  const tts = fliteTts();
  // The first caller is not to wait for the models.
  await Promise.all([stt.warmUp?.(), tts.warmUp?.()]);
  return cascade({
    stt,
    ai: offlineAI(),
    tts,
    // A pause of 200 ms is judged: has the caller finished?
    pipeline: audioPipeline(browser({ pauseMs: 200 })),
    turnDetector: heuristicTurns(),
  });
}
