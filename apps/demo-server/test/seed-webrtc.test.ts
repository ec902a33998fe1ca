import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { haveChromium, openBrowser } from "./browser.fixture.ts";
import { type Demo, startDemo } from "./demo.fixture.ts";
import { resample, spoken, until } from "./speech.fixture.ts";

/** The seed's client for WebRTC, letter for letter; where it leaves the mu-law audio to the reader, `play` is called. */
const printed = readFileSync(new URL("./seed-webrtc.js.txt", import.meta.url), "utf8");
const PLACE = "// Decode mu-law audio and play";

/** Opus and a busy machine cost a word here and there: the test is of the way to the recogniser. */
const UNDERSTOOD = /^user: .*\b(hello|tell me|time)\b/i;

/** What the reader fills in: G.711 mu-law to samples, played one after the other at the server's 24,000 Hz. */
const decoder = `
const context = new AudioContext();
let playAt = 0;
globalThis.mulawFrames = 0;
function play(payload) {
  const bytes = Uint8Array.from(atob(payload), (c) => c.charCodeAt(0));
  const buffer = context.createBuffer(1, bytes.length, 24000);
  buffer.copyToChannel(Float32Array.from(bytes, (byte) => {
    const u = ~byte & 255;
    const magnitude = ((((u & 15) << 3) + 132) << ((u >> 4) & 7)) - 132;
    return (u & 128 ? -magnitude : magnitude) / 32768;
  }), 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  playAt = Math.max(playAt, context.currentTime + 0.06);
  source.start(playAt);
  playAt += buffer.duration;
  globalThis.mulawFrames++;
}
`;

/** Runs in the page, before anything else: keeps the peer connection where a test can look at it. */
function keepPeer(): void {
  const scope = globalThis as unknown as { peer?: RTCPeerConnection };
  scope.peer = undefined as never;
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      scope.peer = this;
    }
  };
}

interface PageScope {
  readonly peer: RTCPeerConnection;
  readonly mulawFrames: number;
}

const SOUND = spoken("Hello. Can you tell me what time it is now?");

describe.skipIf(!haveChromium).each(["opus", "datachannel"] as const)(
  "the seed's JavaScript for WebRTC, as printed, with audio as %s",
  (outbound) => {
    let demo: Demo | undefined;
    beforeAll(async () => {
      demo = await startDemo({ ROOMKIT_GREETING: "", ROOMKIT_OUTBOUND_AUDIO: outbound });
    }, 90_000);
    afterAll(() => demo?.stop());

    it.each(["/rtc-realtime", "/voice"])("runs in Chromium against %s", { timeout: 120_000 }, async (path) => {
      const sound = await SOUND;
      const browser = await openBrowser({ samples: resample(sound, 48_000), sampleRate: 48_000 }, 3_000);
      try {
        const caller = await browser.caller(`${demo?.url}/nothing`);
        await caller.page.evaluate(keepPeer);
        const lines: string[] = [];
        caller.page.on("console", (message) => lines.push(message.text()));
        expect(printed).toContain(PLACE);
        const script = printed.replace(PLACE, "play(data.media.payload);").replaceAll("/rtc-realtime", path);
        await caller.page.addScriptTag({ type: "module", content: `${decoder}\n${script}` });
        const look = <T>(what: (scope: PageScope) => T | Promise<T>): Promise<T> =>
          caller.page.evaluate(`(${String(what)})(globalThis)`) as Promise<T>;

        await until("a connection", () => look(({ peer }) => peer?.connectionState === "connected"), 20_000);
        await until("the question", () => lines.some((line) => UNDERSTOOD.test(line)), 30_000);
        await until("the answer", () => lines.some((line) => line.startsWith("assistant: ")), 20_000);
        await until("sound", async () => (await caller.loudest()) > -40, 20_000);
        const received = await look(async ({ peer }) => {
          let packets = 0;
          for (const report of (await peer.getStats()).values())
            if (report.type === "inbound-rtp") packets += report.packetsReceived;
          return packets;
        });
        const frames = await look(({ mulawFrames }) => mulawFrames);
        // One way or the other, never both.
        if (outbound === "opus") {
          expect(received).toBeGreaterThan(20);
          expect(frames).toBe(0);
        } else {
          expect(frames).toBeGreaterThan(20);
          expect(received).toBe(0);
        }
        expect(caller.complaints.filter((line) => !/404/.test(line))).toEqual([]);
      } finally {
        await browser.close();
      }
    });
  },
);
