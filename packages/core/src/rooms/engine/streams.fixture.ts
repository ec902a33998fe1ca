import type { StreamDelivery, StreamedReply } from "../channel.ts";
import type { HeardRecord } from "../event.ts";
import type { RoomKitOptions } from "../options.ts";
import { Rig, readAll, type TestChannel } from "../rig.fixture.ts";

export const whole = async ({ text }: StreamedReply): Promise<StreamDelivery> => ({ text: await readAll(text) });

export const cutOff: HeardRecord = { interrupted: true, unheard: "rest", playedMs: 120, confidence: "reported" };

/** Answers the user with a stream of these pieces, a virtual `everyMs` apart; notes when it is closed. */
export function streaming(rig: Rig, channel: TestChannel, texts: readonly string[], everyMs = 0): { state: string } {
  const stream = { state: "unread" };
  channel.answer = (event, { signal }) => {
    if (event.source.role !== "user") return undefined;
    const make = async function* (): AsyncGenerator<string> {
      stream.state = "reading";
      try {
        for (const text of texts) {
          if (everyMs > 0) await rig.clock.sleep(everyMs, signal);
          yield text;
        }
        stream.state = "ended";
      } finally {
        if (stream.state === "reading") stream.state = signal.aborted ? "aborted" : "closed";
      }
    };
    return { stream: { text: make() } };
  };
  return stream;
}

export async function voiceAnd<const C extends string>(others: readonly C[], options: RoomKitOptions = {}) {
  const rig = await Rig.with(["voice", ...others, "ai"], options);
  rig.voice.listen = whole;
  return rig;
}
