import { networkInterfaces } from "node:os";
import type { PlaybackProgress } from "@roomkit/core";
import { type Browser, launch, type Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../src/testing.fixture.ts";
import { clientScript } from "./client-script.fixture.ts";
import { type EchoServer, startEcho } from "./echo-server.fixture.ts";
import type { PageCount } from "./page.fixture.ts";
import { findProgram, missing } from "./programs.fixture.ts";

// Firefox has no candidates on loopback; the page itself must be there to be a secure context.
const mediaAddress = Object.values(networkInterfaces())
  .flat()
  .find((entry) => entry?.family === "IPv4" && !entry.internal)?.address;
const reason =
  missing("firefox-esr") ?? (mediaAddress === undefined ? "skipped: needs an address besides loopback" : undefined);

describe.skipIf(reason !== undefined)(`Firefox ESR${reason ? ` (${reason})` : ""}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch({
      browser: "firefox",
      headless: true,
      executablePath: findProgram("firefox-esr") ?? "",
      extraPrefsFirefox: {
        "media.navigator.streams.fake": true,
        "media.navigator.permission.disabled": true,
        "media.autoplay.default": 0,
        "media.autoplay.blocking_policy": 0,
      },
    });
  }, 60_000);
  afterAll(() => browser?.close());

  const inPage = async (
    server: EchoServer,
    run: (count: () => Promise<PageCount>, tab: Page) => Promise<void>,
    call: { readonly bundlePolicy?: RTCBundlePolicy; readonly camera?: "first" | "last" } = {},
  ): Promise<void> => {
    const tab = await browser.newPage();
    try {
      await tab.goto(server.url);
      await tab.evaluate(`call(${JSON.stringify(call)})`);
      await run(() => tab.evaluate("count()") as Promise<PageCount>, tab);
    } finally {
      await tab.close();
      await server.stop();
    }
  };

  it("talks both ways over Opus tracks, and in JSON", async () => {
    const server = await startEcho({ mediaAddress: mediaAddress as string });
    await inPage(server, async (count) => {
      await until(() => (server.calls[0]?.heardMs ?? 0) > 2_000, "Firefox's microphone");
      const [call] = server.calls;
      const seen = await count();
      expect(seen.sent).toBeGreaterThan(90);
      expect(seen.received).toBeGreaterThan(60);
      expect(seen.media).toBe(0);
      expect(call?.texts).toEqual(["over the channel"]);
      expect(seen.messages.map(({ data }) => data?.text)).toEqual(["over the channel"]);
      const { audio, peer } = server.transport.statsOf(call?.connection.id ?? "") ?? {};
      expect(audio?.received).toBeGreaterThan(90);
      expect(audio?.lost).toBe(0);
      expect(peer?.rtpSent).toBeGreaterThan(60);
    });
  }, 30_000);

  it("says with our client how much it heard, exactly after an interruption", async () => {
    const { script, remove } = await clientScript();
    const server = await startEcho({ mediaAddress: mediaAddress as string, script });
    const tab = await browser.newPage();
    try {
      await tab.goto(server.url);
      await tab.addScriptTag({ url: "/client.js" });
      await tab.evaluate(
        `new roomkit.VoiceClient({ url: "/voice", transport: "webrtc", reconnect: false }).connect().then(() => {})`,
      );
      await until(() => server.calls[0]?.connection.playback === "reported", "a report");
      const connection = server.calls[0]?.connection;
      const counts: PlaybackProgress[] = [];
      connection?.onPlayback((progress) => counts.push(progress));
      const [echo] = connection?.clear().utterances ?? [];
      expect(echo).toMatchObject({ utterance: "echo", confidence: "reported", done: false });
      await until(() => counts.some(({ done }) => done), "the exact count");
      expect(counts.find(({ done }) => done)?.confidence).toBe("reported");
    } finally {
      await tab.close();
      await server.stop();
      remove();
    }
  }, 60_000);

  it.each([
    ["max-bundle", "last"],
    ["max-bundle", "first"],
    ["max-compat", "last"],
  ] as const)(
    "talks, with everything bundled %s and the camera that is refused %s",
    async (bundlePolicy, camera) => {
      const server = await startEcho({ mediaAddress: mediaAddress as string });
      const check = async (count: () => Promise<PageCount>, tab: Page): Promise<void> => {
        const offered = (await tab.evaluate("pc.localDescription.sdp")) as string;
        if (bundlePolicy === "max-bundle") expect(offered).toMatch(/m=application 0 .*[\s\S]*a=bundle-only/);
        await until(() => (server.calls[0]?.heardMs ?? 0) > 1_000, "Firefox's microphone");
        await until(() => (server.calls[0]?.texts.length ?? 0) > 0, "the channel");
        const seen = await count();
        expect(seen.received).toBeGreaterThan(20);
        expect(seen.messages.map(({ data }) => data?.text)).toEqual(["over the channel"]);
        expect(await tab.evaluate("pc.getTransceivers().filter((t) => t.currentDirection === 'stopped').length")).toBe(
          1,
        );
      };
      await inPage(server, check, { bundlePolicy, camera });
    },
    30_000,
  );

  it("hears the server over the data channel when that is asked for, and no track then", async () => {
    const server = await startEcho({ mediaAddress: mediaAddress as string, outboundAudio: "datachannel" });
    await inPage(server, async (count) => {
      await until(() => (server.calls[0]?.heardMs ?? 0) > 1_500, "Firefox's microphone");
      const seen = await count();
      // Bytes are samples of 24 kHz.
      expect(seen.media).toBeGreaterThan(24_000);
      expect(seen.received).toBe(0);
      expect(seen.sent).toBeGreaterThan(60);
      expect(seen.messages.map(({ data }) => data?.text)).toEqual(["over the channel"]);
    });
  }, 30_000);
});
