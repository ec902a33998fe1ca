import { audioPipeline } from "@roomkit/pipeline";
import { echoIn, inFrames, inSequence, mixed, speechLike, whiteNoise } from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { describe, expect, it } from "vitest";
import { rate, silent } from "./call.fixture.ts";
import { webrtcAec } from "./index.ts";

/** When a call finds that its caller begins to speak, ms, while the assistant speaks for 12 s and what it says comes back. */
function heard(
  near: Int16Array,
  room: { readonly delayMs: number; readonly level: number },
  cancelling: boolean,
): number[] {
  const format = { sampleRate: rate, channels: 1 } as const;
  const said = speechLike(rate, 12_000, 4_000, 31);
  const mic = mixed(mixed(near, echoIn(said, rate, room)), whiteNoise(rate, 12_000, 20, 3));
  const stream = audioPipeline({ vad: energyVad(), ...(cancelling && { aec: webrtcAec() }) }).open({
    inbound: format,
    outbound: format,
    sessionId: "one",
  });
  const starts: number[] = [];
  stream.on("speech-start", ({ timestamp }) => starts.push(timestamp));
  const played = inFrames(said, format);
  for (const [i, frame] of inFrames(mic, format).entries()) {
    if (played[i]) stream.played(played[i]);
    stream.processInbound(frame);
  }
  stream.close();
  return starts;
}

describe.each([
  { delayMs: 20, level: 0.3 },
  { delayMs: 90, level: 0.5 },
  { delayMs: 180, level: 0.3 },
])("an assistant in a room ($delayMs ms, $level)", (room) => {
  const caller = inSequence(silent(8_000), speechLike(rate, 2_000, 6_000, 33), silent(2_000));

  it("hears itself without echo cancellation", () => {
    expect(heard(silent(12_000), room, false).some((at) => at < 2_000)).toBe(true);
  });

  it("does not hear itself with it, once the room is known", () => {
    expect(heard(silent(12_000), room, true).filter((at) => at > 3_000)).toEqual([]);
  });

  it("hears its caller all the same", () => {
    const starts = heard(caller, room, true).filter((at) => at > 3_000);
    expect(starts.length).toBeGreaterThan(0);
    for (const at of starts) expect(at).toBeGreaterThan(7_800);
    expect(starts[0]).toBeLessThan(9_000);
  });
});
