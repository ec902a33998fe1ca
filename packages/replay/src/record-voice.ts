import type { SayOptions, VoiceChannel } from "@roomkit/channel-voice";
import { RoomKitError, type VoiceBackend } from "@roomkit/core";
import { sameBut } from "./recorded-providers.ts";
import type { CallWriter } from "./writer.ts";

/** The calls that a recorded backend has under way. */
export interface RecordedCalls {
  writer(sessionId: string): CallWriter | undefined;
  /** Runs what the application does to a call as part of it. */
  inside<T>(sessionId: string, work: () => T): T;
}

export const recordedCalls: WeakMap<VoiceBackend, RecordedCalls> = new WeakMap();

/**
 * The same channel, which writes down what the application does to its calls: `say`, `interrupt`, `activityStart`, `activityEnd`. What it does through
 * any other reference to the channel is not in the file.
 *
 * @throws RoomKitError `invalid_option` for a backend that `recordCall` did not give.
 */
export function recordVoice<V extends VoiceChannel>(voice: V, { backend }: { readonly backend: VoiceBackend }): V {
  const calls = recordedCalls.get(backend);
  if (!calls) throw new RoomKitError("invalid_option", "recordVoice takes the parts that `recordCall` gave");
  const writerOf = (sessionId: string): CallWriter | undefined =>
    voice.sessions.some(({ id }) => id === sessionId) ? calls.writer(sessionId) : undefined;
  return sameBut<VoiceChannel>(voice, {
    say: (sessionId: string, text: string, options: SayOptions = {}) => {
      const writer = writerOf(sessionId);
      const { interruption } = options;
      writer?.add({ k: "app", does: "say", text: writer.maskSaid(text), ...(interruption && { interruption }) });
      return calls.inside(sessionId, () => voice.say(sessionId, text, options));
    },
    interrupt: (sessionId: string, reason?: string) => {
      writerOf(sessionId)?.add({ k: "app", does: "interrupt" });
      calls.inside(sessionId, () => voice.interrupt(sessionId, reason));
    },
    activityStart: (sessionId: string) => {
      writerOf(sessionId)?.add({ k: "app", does: "start" });
      calls.inside(sessionId, () => voice.activityStart(sessionId));
    },
    activityEnd: (sessionId: string) => {
      writerOf(sessionId)?.add({ k: "app", does: "end" });
      calls.inside(sessionId, () => voice.activityEnd(sessionId));
    },
  }) as V;
}
