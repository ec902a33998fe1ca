import { elevenlabsStreamInput, StandIn } from "@roomkit/provider-standins";
import { expect, it, vi } from "vitest";
import { elevenlabsTts } from "./elevenlabs-tts.ts";
import { textOf } from "./text.fixture.ts";

const loaded = vi.hoisted(() => ({ times: 0 }));
// As where it is not installed: only the requests need it.
vi.mock("@elevenlabs/elevenlabs-js", () => {
  loaded.times++;
  throw new Error("Cannot find package '@elevenlabs/elevenlabs-js'");
});

it("speaks over a WebSocket without the SDK, and says what is missing where it is needed", async () => {
  const standIn = await StandIn.start(elevenlabsStreamInput());
  const options = { voice: "v", apiKey: "lazy-key", baseURL: standIn.url };
  const { signal } = new AbortController();
  for await (const _part of elevenlabsTts(options).synthesize(textOf("hi"), { signal }));
  await standIn.expectClean();
  await standIn.close();
  const requests = elevenlabsTts({ ...options, transport: "http" });
  expect(loaded.times).toBe(0);
  await expect(requests.warmUp?.()).rejects.toMatchObject({ code: "missing_dependency" });
  const speaking = requests.synthesize(textOf("hi"), { signal })[Symbol.asyncIterator]();
  await expect(speaking.next().then(() => speaking.next())).rejects.toMatchObject({ code: "missing_dependency" });
  expect(loaded.times).toBeGreaterThan(0);
});
