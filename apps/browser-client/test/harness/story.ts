import type { ScriptedCall } from "./scripted-server.ts";
import { speech } from "./speech.ts";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const first = "The weather in Paris is an invented 19 degrees and sunny. Shall I tell you about tomorrow as well?";
const second =
  "Gladly. Tomorrow starts with a little fog along the river, then it clears up by ten, and in the afternoon you can expect 22 degrees.";
const third = "Why did the scarecrow win a prize? Because he was outstanding in his field.";

/** A call with everything in it: partials, answers, an interruption, times. `pace` 1 is real time. */
export async function tell(call: ScriptedCall, pace = 1): Promise<void> {
  const pause = (ms: number): Promise<void> => wait(ms * pace);
  await question(call, "u1", ["What", "What is the", "What is the weather in Paris?"], pause);
  call.say({ type: "state", state: "thinking", since: 0 });
  await pause(500);
  call.speak(speech(5 * pace));
  call.say({ type: "state", state: "speaking", since: 0 });
  call.say({ type: "transcript", id: "a1", role: "assistant", text: first, final: true, revision: 0 });
  metrics(call, "t1", [438, 571, 574, 702, 716], false);
  await pause(5_000);
  call.say({ type: "state", state: "listening", since: 0 });

  await question(call, "u2", ["Yes,", "Yes, please."], pause);
  call.say({ type: "state", state: "thinking", since: 0 });
  await pause(300);
  const utterance = call.speak(speech(9 * pace));
  call.say({ type: "state", state: "speaking", since: 0 });
  call.say({ type: "transcript", id: "a2", role: "assistant", text: second, final: false, revision: 0 });
  metrics(call, "t2", [612, 780, 1_090, 1_284, 1_302], false);
  await pause(3_200);
  const heard = "Gladly. Tomorrow starts with a little fog along the river,";
  call.say({ type: "clear", utterance });
  call.say({ type: "interrupted", utterance, heard, unheard: second.slice(heard.length) });
  call.say({ type: "transcript", id: "a2", role: "assistant", text: second, final: true, revision: 1, heard });
  call.say({ type: "state", state: "listening", since: 0 });
  await question(call, "u3", ["Thanks,", "Thanks, that's enough.", "Thanks, that's enough. Tell me a joke."], pause);
  call.say({ type: "state", state: "thinking", since: 0 });
  await pause(400);
  call.speak(speech(6 * pace));
  call.say({ type: "state", state: "speaking", since: 0 });
  call.say({ type: "transcript", id: "a3", role: "assistant", text: third, final: true, revision: 0 });
  metrics(call, "t3", [402, 521, 523, 655, 671], false);
  await pause(2_500);
}

async function question(
  call: ScriptedCall,
  id: string,
  parts: string[],
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  for (const [revision, text] of parts.entries()) {
    await pause(400);
    call.say({ type: "transcript", id, role: "user", text, final: revision === parts.length - 1, revision });
  }
}

function metrics(call: ScriptedCall, turnId: string, times: readonly number[], interrupted: boolean): void {
  const [endpointMs = 0, transcriptMs = 0, firstTokenMs = 0, firstAudioMs = 0, replyMs = 0] = times;
  call.say({
    type: "metrics",
    turn: { turnId, endpointMs, transcriptMs, firstTokenMs, firstAudioMs, replyMs, speechMs: 1_600, interrupted },
  });
}
