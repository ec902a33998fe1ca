import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { mulaw } from "@roomkit/codec-mulaw";
import { opus } from "@roomkit/codec-opus";
import {
  type AudioFrame,
  type CloseReason,
  type OpusCodec,
  rms,
  silentLogger,
  type VoiceConnection,
  type WebRTCEngine,
} from "@roomkit/core";
import { wavOfSamples } from "@roomkit/testing";
import { nodeDataChannel } from "@roomkit/webrtc-engine-node-datachannel";
import { werift } from "@roomkit/webrtc-engine-werift";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../../../scripts/lib/chromium.mjs";
import { mountRealtime, WebRTCTransport, type WebRTCTransportOptions } from "../index.ts";
import { amplitudeAt, frameOf, join, listen, pitchOf, sine, until } from "../testing.fixture.ts";
import { seedPage } from "./seed-page.fixture.ts";

/** What the page's script leaves on `window`. */
interface Seen {
  readonly transcriptions: { role: string; text: string }[];
  readonly messages: string[];
  readonly media: number[];
  readonly channelState: string;
  readonly states: string[];
  readonly answerMs: number;
}

const executablePath = findChromium();

const engines: readonly (readonly [string, () => WebRTCEngine])[] = [
  ["werift", () => werift({ listenAddresses: ["127.0.0.1"], logger: silentLogger })],
  ["node-datachannel", () => nodeDataChannel({ listenAddress: "127.0.0.1", logger: silentLogger })],
];

describe.skipIf(executablePath === undefined).each(engines)("the seed's client in Chromium, on %s", (_, openEngine) => {
  let browser: Browser;
  let folder: string;
  const cleanups: (() => unknown)[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(joinPath(tmpdir(), "roomkit-"));
    const microphone = joinPath(folder, "microphone.wav");
    writeFileSync(microphone, wavOfSamples(sine(48_000, 440, 2_000), 48_000));
    browser = await chromium.launch({
      ...(executablePath ? { executablePath } : {}),
      args: [...chromiumArguments, `--use-file-for-fake-audio-capture=${microphone}`],
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function start(
    options: Partial<WebRTCTransportOptions> = {},
    page_: { permissions?: string[]; script?: string } = {},
  ): Promise<{ transport: WebRTCTransport; page: Page; connection: () => VoiceConnection; frames: AudioFrame[] }> {
    const { server, url, close } = await listen();
    const transport = new WebRTCTransport({
      opus: opus(),
      mulaw: mulaw(),
      logger: silentLogger,
      engine: openEngine(),
      ...options,
    });
    const unmount = mountRealtime(server, transport, { allowAnonymous: true });
    server.removeAllListeners("request");
    server.on("request", (_request, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end(seedPage("/rtc-realtime"));
    });
    const context = await browser.newContext({ permissions: page_.permissions ?? ["microphone"] });
    cleanups.push(
      close,
      () => transport.close(),
      unmount,
      () => context.close(),
    );
    const frames: AudioFrame[] = [];
    let connection: VoiceConnection | undefined;
    transport.onClientConnected(async (id) => {
      connection = await transport.accept(
        { id: "s", roomId: "r", participantId: "p", channelId: "c", state: "connecting", metadata: {} },
        id,
      );
      connection.onAudio((frame) => frames.push(frame));
    });
    const page = await context.newPage();
    await page.goto(url);
    await page.evaluate(page_.script ?? "connect()");
    await until(() => connection !== undefined, "the connection");
    return { transport, page, frames, connection: () => connection as VoiceConnection };
  }

  /** The page hears that tone, Hz, and not as a whisper. */
  const hears = (page: Page, hz: number): Promise<unknown> => {
    const tone = `window.analyser && Math.abs(peak().hz - ${hz}) < 10 && peak().db > -60`;
    return page.waitForFunction(tone, undefined, { timeout: 8_000 });
  };

  const seen = (page: Page): Promise<Seen> => page.evaluate("seen") as Promise<Seen>;

  it("talks both ways over Opus tracks", async () => {
    const { page, connection, frames } = await start();
    await until(() => frames.length >= 60, "the microphone");
    const heard = join(frames.slice(20).map((f) => f.samples));
    // Chromium's noise suppression takes its part of a steady tone, and its fake microphone runs a little fast.
    expect(rms(heard)).toBeGreaterThan(500);
    expect(Math.abs(pitchOf(heard, 16_000) - 440)).toBeLessThan(10);
    connection().play("u", frameOf(sine(24_000, 660, 3_000), 24_000));
    connection().endUtterance("u");
    connection().send({ type: "transcript", id: "t", role: "assistant", text: "hello", final: true, revision: 0 });
    await hears(page, 660);
    // Receiver reports reach the page's encoder.
    await page.waitForFunction(
      "(async () => [...(await pc.getStats()).values()].some((s) => s.type === 'remote-inbound-rtp'))()",
      undefined,
      { timeout: 8_000 },
    );
    const { transcriptions, media, states, answerMs } = await seen(page);
    expect(transcriptions).toEqual([{ role: "assistant", text: "hello" }]);
    expect(media).toEqual([]);
    expect(states).toEqual(["connecting", "connected"]);
    expect(answerMs).toBeGreaterThan(0);
  }, 30_000);

  it("is sent in-band FEC while it reports loss, and none while it does not", async () => {
    const told: number[] = [];
    let drops = false;
    const engine = openEngine();
    const accept = engine.accept.bind(engine);
    engine.accept = async (offer, how) => {
      const peer = await accept(offer, how);
      const send = peer.sendRtp.bind(peer);
      let sent = 0;
      peer.sendRtp = (packet) => (sent++ % 5 === 4 && drops ? true : send(packet));
      return peer;
    };
    const codec = opus();
    const createEncoder: OpusCodec["createEncoder"] = async (how) => {
      const encoder = await codec.createEncoder(how);
      const expectLoss = encoder.expectLoss?.bind(encoder);
      encoder.expectLoss = (percent) => {
        told.push(percent);
        expectLoss?.(percent);
      };
      return encoder;
    };
    const { page, connection } = await start({ engine, opus: { ...codec, createEncoder } });
    connection().play("u", frameOf(sine(24_000, 660, 20_000), 24_000));
    await until(() => told.length > 0, "the first report", 20_000);
    expect(told).toEqual([0]);
    drops = true;
    await until(() => told.some((percent) => percent >= 15), "a report of the loss", 20_000);
    await page.waitForFunction(
      "(async () => [...(await pc.getStats()).values()].some((s) => s.type === 'inbound-rtp' && s.fecPacketsReceived > 0))()",
      undefined,
      { timeout: 20_000 },
    );
  }, 60_000);

  it("is sent the band that it listens to, and in no fewer bits than Chromium spends on more", async () => {
    const { page, frames } = await start();
    await until(() => frames.length >= 100, "the microphone");
    const sent = (await page.evaluate(
      "(async () => [...(await pc.getStats()).values()].find((s) => s.type === 'outbound-rtp'))()",
    )) as { targetBitrate: number };
    const answered = (await page.evaluate("pc.remoteDescription.sdp")) as string;
    expect(answered).toMatch(/^a=fmtp:111 .*maxplaybackrate=16000/m);
    expect(sent.targetBitrate).toBe(32_000);
  }, 30_000);

  // Chromium itself cannot have the first section refused with max-bundle: its one transport goes with it.
  it.each([
    ["first", "balanced"],
    ["last", "balanced"],
    ["last", "max-bundle"],
  ])(
    "talks with a page that offers a camera %s, which is refused, with bundle policy %s",
    async (camera, policy) => {
      const video = "this.addTransceiver('video')";
      const script =
        "RTCPeerConnection = class extends RTCPeerConnection {" +
        `constructor() { super({ bundlePolicy: '${policy}' }); ${camera === "first" ? video : ""} }` +
        `createOffer() { ${camera === "last" ? video : ""}; return super.createOffer(); } };` +
        "connect()";
      const { page, connection, frames } = await start({}, { script });
      await until(() => frames.length >= 40, "the microphone");
      connection().play("u", frameOf(sine(24_000, 660, 3_000), 24_000));
      connection().send({ type: "transcript", id: "t", role: "assistant", text: "hello", final: true, revision: 0 });
      await hears(page, 660);
      await page.waitForFunction("seen.transcriptions.length === 1", undefined, { timeout: 8_000 });
      const answered = (await page.evaluate("pc.remoteDescription.sdp")) as string;
      expect(answered.match(/^m=\w+ 0/gm)).toEqual(["m=video 0"]);
    },
    30_000,
  );

  it("hears a PCMU track while it sends Opus", async () => {
    const { page, connection, frames } = await start({ outboundAudio: "pcmu", inputSampleRate: 48_000 });
    expect(connection().outbound.sampleRate).toBe(8_000);
    connection().play("u", frameOf(sine(8_000, 700, 3_000), 8_000));
    await hears(page, 700);
    await until(() => frames.length >= 60, "the microphone");
    const heard = join(frames.slice(20).map((f) => f.samples));
    expect(Math.abs(pitchOf(heard, 48_000) - 440)).toBeLessThan(10);
  }, 30_000);

  it("hears mu-law over the data channel, and no track then", async () => {
    const { page, connection } = await start({ outboundAudio: "datachannel" });
    connection().play("u", frameOf(sine(24_000, 660, 1_000), 24_000));
    connection().endUtterance("u");
    await page.waitForFunction("seen.media.length >= 24000", undefined, { timeout: 5_000 });
    const { media } = await seen(page);
    const samples = Int16Array.from(media, (s) => s * 32_767);
    expect(amplitudeAt(samples.subarray(2_400, 21_600), 24_000, 660)).toBeGreaterThan(9_000);
    expect(await page.evaluate("pc.getReceivers()[0].track.muted")).toBe(true);
  }, 30_000);

  it("serves a page without a microphone, whose addresses are hidden behind names", async () => {
    const script =
      "navigator.mediaDevices.getUserMedia = async () => ({ getTracks: () => [] });" +
      "RTCPeerConnection = class extends RTCPeerConnection { constructor() { super(); this.addTransceiver('audio', { direction: 'recvonly' }); } };" +
      "connect()";
    const { page, connection, frames } = await start({}, { permissions: [], script });
    expect(await page.evaluate("pc.localDescription.sdp")).toMatch(/ [0-9a-f-]+\.local \d+ typ host/);
    connection().play("u", frameOf(sine(24_000, 660, 3_000), 24_000));
    await hears(page, 660);
    expect(frames).toEqual([]);
  }, 30_000);

  it("tells a page that leaves from one that stays, both ways", async () => {
    const { page, connection } = await start();
    let reason: CloseReason | undefined;
    connection().onClose((r) => {
      reason = r;
    });
    await page.evaluate("pc.close()");
    await until(() => reason !== undefined, "the end", 3_000);
    expect(reason?.code).toBe("client_closed");
  }, 30_000);

  it("lets the page know at once when the server ends the call", async () => {
    const { page, connection } = await start();
    await page.waitForFunction("seen.channelState === 'open'");
    await connection().close();
    await page.waitForFunction("seen.channelState === 'closed'", undefined, { timeout: 2_000 });
    // The connection itself: Chromium finds out by its own timers (disconnected after 8 s).
  }, 30_000);
});
