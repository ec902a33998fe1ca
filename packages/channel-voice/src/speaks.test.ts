import { expect, it } from "vitest";
import { call } from "./voice-call.fixture.ts";

it.each<[string, unknown, readonly string[], number]>([
  ["true", () => true, ["Your taxi is here."], 0],
  ["false", () => false, [], 0],
  ["null", () => null, [], 0],
  ["what is merely truthy", () => "yes", [], 0],
  ["a promise of false", async () => false, [], 1],
  ["a promise of true", async () => true, [], 1],
  ["a promise that fails", () => Promise.reject(new Error("no list")), [], 1],
])("an event of which speaks says %s", async (_what, speaks, spoken, failures) => {
  const c = await call({ voice: { speaks: speaks as () => boolean } });
  const failed: string[] = [];
  c.kit.on("delivery_failed", ({ channelId, error }) => failed.push(`${channelId}: ${error.code}`));
  void c.kit.sendEvent(c.room.id, { content: { type: "text", text: "Your taxi is here." } });
  await c.clock.advance(5_000);
  expect([c.tts.spoken, failed]).toEqual([spoken, Array.from({ length: failures }, () => "voice: invalid_option")]);
});
