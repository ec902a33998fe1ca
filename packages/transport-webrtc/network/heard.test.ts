import type { PlaybackProgress, VoiceConnection } from "@roomkit/core";
import { seededRandom } from "@roomkit/testing";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../../scripts/lib/chromium.mjs";
import { until } from "../src/testing.fixture.ts";
import { type ClientScript, clientScript } from "./client-script.fixture.ts";
import { type EchoServer, startEcho } from "./echo-server.fixture.ts";
import { FROM, heardScript, RISE } from "./heard-page.fixture.ts";
import { LossyRelay, type PathOptions } from "./lossy-relay.fixture.ts";
import { missing } from "./programs.fixture.ts";

const RATE = 24_000;
/** For the README's table: every path, many times. */
const figures = process.env.ROOMKIT_FIGURES !== undefined;
const ROUNDS = Number(process.env.ROOMKIT_ROUNDS ?? (figures ? 8 : 3));
const reason = missing("chromium");
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A tone that rises. */
function rising(ms: number): Int16Array {
  return Int16Array.from({ length: (RATE * ms) / 1000 }, (_, i) => {
    const t = i / RATE;
    return 12_000 * Math.sin(2 * Math.PI * (FROM * t + (RISE * t * t) / 2));
  });
}

interface Interruption {
  /** Whether the client was believed until then. */
  readonly believed: boolean;
  /** What the report of `clear` said, ms, and how sure it was. */
  readonly atOnce: PlaybackProgress;
  /** What was known in the end, ms. */
  readonly inTheEnd: PlaybackProgress;
  /** What the page had rendered when it was silenced, or in all when it does not silence itself, ms. */
  readonly rendered: number;
  /** What it had rendered when it was told to be silent, ms. */
  readonly whenTold: number;
}

const clean: readonly [string, PathOptions] = ["a clean path", {}];
const paths = [
  clean,
  ...(figures
    ? [["40 ms of jitter", { delayMs: 20, jitterMs: 40 }] as const, ["5 % loss", { delayMs: 20, loss: 0.05 }] as const]
    : []),
];

describe.skipIf(reason !== undefined)(`what a browser heard${reason ? ` (${reason})` : ""}`, () => {
  let client: ClientScript;
  let browser: Browser;

  beforeAll(async () => {
    client = await clientScript();
    browser = await chromium.launch({ executablePath: findChromium() ?? "", args: [...chromiumArguments] });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    client?.remove();
  });

  async function open(path: PathOptions, connect: string): Promise<[Page, EchoServer, LossyRelay]> {
    const relay = new LossyRelay(path);
    const server = await startEcho({ script: client.script, echo: false, sampleRate: RATE });
    const context = await browser.newContext({ permissions: ["microphone"] });
    const page = await context.newPage();
    await page.exposeFunction("reroute", relay.to);
    await page.addInitScript(heardScript);
    await page.goto(server.url);
    await page.addScriptTag({ url: "/client.js" });
    await page.evaluate(connect);
    await page.evaluate("heard.listen()");
    relay.begin();
    return [page, server, relay];
  }

  async function interrupt(
    page: Page,
    connection: VoiceConnection,
    id: string,
    afterMs: number,
  ): Promise<Interruption> {
    await page.evaluate("heard.forget()");
    let last: PlaybackProgress | undefined;
    const stop = connection.onPlayback((progress) => {
      if (progress.utterance === id) last = progress;
    });
    connection.play(id, { samples: rising(6_000), sampleRate: RATE, channels: 1, timestamp: 0 });
    connection.endUtterance(id);
    await wait(afterMs);
    const believed = connection.playback === "reported";
    const atOnce = connection.clear().utterances[0] as PlaybackProgress;
    if (!atOnce.done) await until(() => last?.done === true, "the exact count");
    stop();
    await wait(1_200);
    const [rendered, whenTold] = (await page.evaluate(
      "[heard.muted.length > 0 ? heard.positionAt(heard.muted[0]) : heard.lastAfter(heard.told[0]), heard.positionAt(heard.told[0])]",
    )) as [number, number];
    return { believed, atOnce, inTheEnd: atOnce.done ? atOnce : (last as PlaybackProgress), rendered, whenTold };
  }

  async function interruptions(path: PathOptions, connect: string): Promise<Interruption[]> {
    const [page, server, relay] = await open(path, connect);
    try {
      await until(() => server.calls.length > 0, "the call");
      const connection = server.calls[0]?.connection as VoiceConnection;
      const random = seededRandom(7);
      const out: Interruption[] = [];
      for (let i = 0; i < ROUNDS; i++) out.push(await interrupt(page, connection, `u${i}`, 1_200 + random() * 2_500));
      return out;
    } finally {
      await page.context().close();
      await server.stop();
      relay.close();
    }
  }

  /** The middle one and the largest, in size. */
  function spread(errors: readonly number[]): {
    /** 0 when none told its pitch: what was lost at the very end tells none. */
    readonly best: number;
    readonly median: number;
    readonly worst: number;
    readonly all: number[];
  } {
    const sizes = errors
      .filter(Number.isFinite)
      .map(Math.abs)
      .sort((a, b) => a - b);
    return {
      best: Math.round(sizes[0] ?? 0),
      median: Math.round(sizes[sizes.length >> 1] ?? Number.NaN),
      worst: Math.round(sizes.at(-1) ?? Number.NaN),
      all: errors.map(Math.round),
    };
  }

  it.each(paths)(
    "is reported by our client: %s",
    async (name, path) => {
      const all = await interruptions(
        path,
        `(async () => {
        window.client = new roomkit.VoiceClient({ url: "/voice", transport: "webrtc", reconnect: false });
        await client.connect();
      })()`,
      );
      const exact = spread(all.map(({ inTheEnd, rendered }) => inTheEnd.playedMs - rendered));
      const first = spread(all.map(({ atOnce, rendered }) => atOnce.playedMs - rendered));
      if (figures)
        console.log(
          "client",
          name,
          { exact, first },
          all.map((a) => a.inTheEnd.confidence),
        );
      expect(all.every(({ inTheEnd }) => inTheEnd.done)).toBe(true);
      // Not each time: a browser that is held up by other things may answer too late.
      expect(all.some(({ believed }) => believed)).toBe(true);
      // Another utterance's, or another clock's, would be further off.
      expect(exact.best).toBeLessThan(400);
    },
    120_000,
  );

  it.each(paths)(
    "is estimated of a page that says nothing: %s",
    async (name, path) => {
      const all = await interruptions(path, "call()");
      const inAll = spread(all.map(({ inTheEnd, rendered }) => inTheEnd.playedMs - rendered));
      const then = spread(all.map(({ atOnce, whenTold }) => atOnce.playedMs - whenTold));
      if (figures) console.log("bare", name, { inAll, then });
      expect(all.every(({ inTheEnd }) => inTheEnd.done && inTheEnd.confidence === "estimated")).toBe(true);
      expect(inAll.best).toBeLessThan(400);
    },
    120_000,
  );
});
