import type { VoiceSession } from "@roomkit/core";
import { FakeConnection, VirtualClock } from "@roomkit/testing";
import { expect, it } from "vitest";
import type { CallRoom } from "../room.ts";
import { UserTranscripts } from "./transcripts.ts";

it("words that never end are remembered for a while, and no longer", () => {
  const connection = new FakeConnection({ clock: new VirtualClock(), id: "c" });
  const room = { hasHooks: () => false, hasSyncHooks: () => false } as unknown as CallRoom;
  const transcripts = new UserTranscripts(room, { id: "s", roomId: "r" } as VoiceSession, connection);
  const guess = (n: number): number => {
    transcripts.partial({ id: `u${n}`, turnId: "t", text: "hello" });
    const last = connection.sent.at(-1);
    return last?.type === "transcript" ? last.revision : -1;
  };
  expect([guess(0), guess(0), guess(0)]).toEqual([0, 1, 2]);
  for (let n = 1; n < 64; n++) guess(n);
  expect(guess(0)).toBe(3);
  guess(64);
  expect(guess(0)).toBe(0);
});
