import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { haveChromium, openBrowser } from "./browser.fixture.ts";
import { type Demo, startDemo } from "./demo.fixture.ts";
import { resample, spoken, until } from "./speech.fixture.ts";

/** The seed's client for WebSocket, letter for letter; its encoder is left to the reader there, and filled in here. */
const printed = readFileSync(new URL("./seed-websocket.js.txt", import.meta.url), "utf8");
const encoder = `
function encodeMulaw(float32) {
  return Uint8Array.from(float32, (x) => {
    let s = Math.max(-32635, Math.min(32635, Math.round(x * 32767)));
    const sign = s < 0 ? 0x80 : 0;
    s = Math.abs(s) + 132;
    const exponent = 24 - Math.clz32(s);
    return ~(sign | (exponent << 4) | ((s >> (exponent + 3)) & 15)) & 255;
  });
}
`;

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo({ ROOMKIT_GREETING: "" });
}, 90_000);
afterAll(() => demo.stop());

describe.skipIf(!haveChromium)("the seed's JavaScript for WebSocket, as printed", () => {
  it("runs in Chromium: what is said is transcribed, answered and sent back as mu-law", {
    timeout: 90_000,
  }, async () => {
    const sound = await spoken("What is the capital of France?");
    const browser = await openBrowser({ samples: resample(sound, 48_000), sampleRate: 48_000 }, 3_000);
    try {
      // Any page of that server will do, also one that says there is none: the script is all that matters.
      const caller = await browser.caller(`${demo.url}/nothing`);
      const lines: string[] = [];
      const frames: string[] = [];
      caller.page.on("console", (message) => lines.push(message.text()));
      caller.page.on("websocket", (socket) =>
        socket.on("framereceived", ({ payload }) => frames.push(String(payload))),
      );
      // The page is on whatever port the demo took; that is the one thing changed.
      await caller.page.addScriptTag({
        content: `${encoder}\n${printed.replace("localhost:8000", `127.0.0.1:${demo.port}`)}`,
      });
      await until("the question", () => lines.some((line) => /^user: .*capital of france/i.test(line)), 30_000);
      await until("the answer", () => lines.some((line) => line.startsWith("assistant: ")), 20_000);
      await until("audio", () => frames.filter((frame) => frame.startsWith('{"event":"media"')).length > 20, 20_000);
      expect(caller.complaints.filter((line) => !/ScriptProcessorNode|404/.test(line))).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
