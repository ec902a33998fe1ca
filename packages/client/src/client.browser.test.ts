import { decodeAudioFrame, defaultLimits } from "@roomkit/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { rmsDb, sine, sinePcm, toneDb } from "./audio.fixture.ts";
import { type InstalledTap, installTap } from "./browser/tap.fixture.ts";
import { VoiceClient } from "./client.ts";
import type { VoiceClientOptions } from "./options.ts";
import { installSockets, ready, ScriptedSocket } from "./transport/scripted-socket.fixture.ts";
import type { TransportContext } from "./transport/transport.ts";

const RATE = 24_000;
/** The browser's own clean-up would take the fake microphone's beeps for noise. */
const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

let uninstall = (): void => {};
let tap: InstalledTap;
const clients: VoiceClient[] = [];

beforeEach(() => {
  uninstall = installSockets();
  tap = installTap();
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.disconnect();
  tap.restore();
  uninstall();
  vi.restoreAllMocks();
});

async function call(options: Partial<VoiceClientOptions> = {}): Promise<VoiceClient> {
  const client = new VoiceClient({ url: "/voice", microphone: false, ...options });
  clients.push(client);
  await client.connect();
  return client;
}

/** Speaks a tone at once, as packets of 20 ms. */
function speak(utterance: number, ms: number, end = true): number {
  const tone = sinePcm(440, RATE, (ms * RATE) / 1000);
  for (let at = 0; at < tone.length; at += 480) {
    ScriptedSocket.last.speak(utterance, at, tone.slice(at, at + 480), end && at + 480 >= tone.length);
  }
  return tone.length;
}

/** Everything the client sent as audio so far, -1 to 1. */
function sentAudio(socket: ScriptedSocket): { samples: Float32Array; offsets: number[] } {
  const offsets: number[] = [];
  const samples: number[] = [];
  for (const bytes of socket.audio) {
    const result = decodeAudioFrame(bytes, defaultLimits);
    if (!result.ok) throw new Error(result.message);
    offsets.push(result.frame.offset);
    for (const sample of new Int16Array(result.frame.audio.slice().buffer)) samples.push(sample / 32_768);
  }
  return { samples: Float32Array.from(samples), offsets };
}

const playback = (utterance: number): { playedSamples: number; done?: true | undefined }[] =>
  ScriptedSocket.last.received.flatMap((m) => (m.event === "playback" && m.utterance === utterance ? [m] : []));

const until = (condition: () => boolean): Promise<void> =>
  vi.waitFor(() => {
    if (!condition()) throw new Error("not yet");
  }, 10_000);

/** What was played until now: the recorder's blocks and the reports come by ports of their own, in no order. */
async function allPlayed(): Promise<Float32Array> {
  const here = tap.current();
  here.mark("now");
  await until(() => here.frameOf("now") !== undefined);
  return here.samples();
}

describe("playback in a real browser", () => {
  it("renders a tone at its level and pitch, whole, and reports every sample of it", async () => {
    // It begins when its end is there: a busy page may hand it over in pieces.
    await call({ jitter: { startMs: 10_000, maxMs: 10_000 } });
    const total = speak(1, 600);
    await until(() => playback(1).at(-1)?.done === true);
    const { sampleRate } = tap.current();
    const played = await allPlayed();
    const start = played.findIndex((value) => Math.abs(value) > 0.01);
    expect(toneDb(played.subarray(start + 1_000, start + sampleRate / 2), 440, sampleRate)).toBeCloseTo(-6, 0);
    const sound = played.findLastIndex((value) => Math.abs(value) > 0.001) - start;
    expect(Math.abs(sound / sampleRate - 0.6)).toBeLessThan(0.003);
    const reports = playback(1).map(({ playedSamples }) => playedSamples);
    expect(reports.at(-1)).toBe(total);
    expect(reports).toEqual([...reports].sort((a, b) => a - b));
    // At the first sample, every 200 ms, at the end.
    expect(reports.length).toBe(4);
  });

  it("is silent within 30 ms of audio after clear, and reports at once where it stopped", async () => {
    await call();
    speak(1, 3_000);
    await until(() => playback(1).length >= 2);
    tap.current().mark("clear");
    ScriptedSocket.last.say({ type: "clear", utterance: 1 });
    await until(() => playback(1).at(-1)?.done === true && tap.current().frameOf("clear") !== undefined);
    const rate = tap.current().sampleRate;
    const marked = tap.current().frameOf("clear") as number;
    await until(() => tap.current().samples(marked).length > rate / 4);
    expect((tap.current().lastSound() - marked) / rate).toBeLessThan(0.03);
    // What was reported is what was played, to the sample of the fade.
    const played = tap.current().samples();
    const start = played.findIndex((value) => Math.abs(value) > 1e-4);
    const sound = played.findLastIndex((value) => Math.abs(value) > 1e-4) - start;
    const reported = playback(1).at(-1)?.playedSamples as number;
    expect(Math.abs(sound / rate - reported / RATE)).toBeLessThan(0.004);
    expect(rmsDb(tap.current().samples(marked + Math.round(rate * 0.03)))).toBeLessThan(-90);
  });

  it("measures the level and how playback fares", async () => {
    const client = await call();
    const levels: number[] = [];
    client.on("level", ({ output }) => levels.push(output));
    const stats: number[] = [];
    client.on("stats", ({ underruns }) => stats.push(underruns as number));
    speak(1, 500, false);
    // A sine of amplitude 0.5 has an RMS of -9 dB.
    await until(() => levels.some((level) => Math.abs(level + 9) < 0.5));
    await until(() => stats.at(-1) === 1);
    expect(levels.at(-1)).toBe(-60);
  });

  it("plays mu-law", async () => {
    uninstall();
    const spec = { codec: "mulaw", sampleRate: 8_000 } as const;
    uninstall = installSockets({ onMessage: (s, m) => s.answer(m, { audio: { send: spec, receive: spec } }) });
    await call({ codec: "mulaw" });
    // 0xaf and 0x2f are +-14,972, the two halves of a 400 Hz square wave, little-endian pairs of bytes.
    const wave = Int16Array.from({ length: 2_000 }, (_, i) => (i % 10 < 5 ? 0x9f9f : 0x1f1f));
    ScriptedSocket.last.speak(1, 0, wave, true);
    await until(() => playback(1).at(-1)?.done === true);
    expect(playback(1).at(-1)?.playedSamples).toBe(4_000);
    const played = await allPlayed();
    const start = played.findIndex((value) => Math.abs(value) > 0.01);
    expect(rmsDb(played.subarray(start + 1_000, start + 8_000))).toBeGreaterThan(-12);
  });

  it("keeps playing over a lost connection, and drops what it has when it is sent again", async () => {
    const client = await call({ reconnect: { minDelayMs: 10 } });
    const tone = sinePcm(440, RATE, RATE);
    ScriptedSocket.last.speak(1, 0, tone.slice(0, 12_000));
    await until(() => playback(1).length > 0);
    ScriptedSocket.last.closeFromServer(1006, "");
    await until(() => client.state === "listening" && ScriptedSocket.sockets.length === 2);
    // The server goes on from what was last reported, before what is here already.
    ScriptedSocket.last.speak(1, 4_800, tone.slice(4_800), true);
    await until(() => playback(1).at(-1)?.done === true);
    expect(playback(1).at(-1)?.playedSamples).toBe(24_000);
    const rate = tap.current().sampleRate;
    const played = await allPlayed();
    const start = played.findIndex((value) => Math.abs(value) > 0.01);
    const sound = played.findLastIndex((value) => Math.abs(value) > 0.001) - start;
    expect(Math.abs(sound / rate - 1)).toBeLessThan(0.01);
  });

  it("starts a new session with a clean slate", async () => {
    uninstall();
    uninstall = installSockets({
      onMessage: (s, m) => {
        if (m.event === "start" && m.resume !== undefined) s.closeFromServer(4404, "");
        else s.answer(m);
      },
    });
    const client = await call({ reconnect: { minDelayMs: 10 } });
    speak(1, 100);
    await until(() => playback(1).at(-1)?.done === true);
    ScriptedSocket.last.closeFromServer(1006, "");
    await until(() => client.state === "listening" && ScriptedSocket.sockets.length === 3);
    expect(playback(1)).toEqual([]);
    const total = speak(1, 100);
    await until(() => playback(1).at(-1)?.done === true);
    expect(playback(1).at(-1)?.playedSamples).toBe(total);
  });
});

describe("capture in a real browser", () => {
  it("delivers what the microphone hears, in frames of 20 ms", async () => {
    const client = await call({ microphone: raw });
    expect(client.hasMicrophone).toBe(true);
    await until(() => ScriptedSocket.last.audio.length >= 100);
    const { samples, offsets } = sentAudio(ScriptedSocket.last);
    expect(offsets.slice(0, 5)).toEqual([0, 320, 640, 960, 1_280]);
    expect(new Set(offsets.map((offset, i) => offset - i * 320)).size).toBe(1);
    // Chromium's fake microphone beeps: loud and quiet frames alternate.
    const frames = offsets.map((_, i) => rmsDb(samples.subarray(i * 320, i * 320 + 320)));
    expect(Math.max(...frames)).toBeGreaterThan(-30);
    expect(Math.min(...frames)).toBeLessThan(-60);
  });

  it("sends nothing while muted, and the track stays", async () => {
    const client = await call({ microphone: raw });
    await until(() => ScriptedSocket.last.audio.length >= 5);
    const levels: number[] = [];
    client.on("level", ({ input, muted }) => muted && levels.push(input));
    client.mute();
    expect(ScriptedSocket.last.received.at(-1)).toEqual({ event: "mute", muted: true });
    // Frames may be on their way when the switch is thrown; 150 ms of audio later they are not.
    await until(() => levels.length >= 3);
    const before = ScriptedSocket.last.audio.length;
    // The fake microphone beeps once a second.
    await until(() => levels.length >= 30);
    expect(Math.max(...levels)).toBeGreaterThan(-40);
    expect(ScriptedSocket.last.audio.length).toBe(before);
    client.unmute();
    await until(() => ScriptedSocket.last.audio.length >= before + 5);
    const { offsets } = sentAudio(ScriptedSocket.last);
    // The pause shows in the offsets.
    expect((offsets[before] as number) - (offsets[before - 1] as number)).toBeGreaterThan(640);
  });

  it("sends a recording as if it was spoken, and silence after it", async () => {
    const client = await call();
    const tone = sinePcm(1_000, 16_000, 8_000);
    await client.sendSample(tone);
    await until(() => ScriptedSocket.last.audio.length >= 40);
    const { samples } = sentAudio(ScriptedSocket.last);
    expect(toneDb(samples.subarray(800, 7_200), 1_000, 16_000)).toBeCloseTo(-6, 0);
    expect(rmsDb(samples.subarray(9_600, 12_800))).toBeLessThan(-80);
  });

  it("takes an AudioBuffer, and stops one when asked", async () => {
    const client = await call();
    const buffer = new AudioBuffer({ length: 44_100 * 5, sampleRate: 44_100 });
    buffer.copyToChannel(new Float32Array(sine(1_000, 44_100, 44_100 * 5)), 0);
    const abort = new AbortController();
    const sending = client.sendSample(buffer, { signal: abort.signal });
    await until(() => ScriptedSocket.last.audio.length >= 10);
    abort.abort();
    await expect(sending).rejects.toMatchObject({ code: "aborted" });
    const { samples } = sentAudio(ScriptedSocket.last);
    expect(toneDb(samples.subarray(800, 3_000), 1_000, 16_000)).toBeCloseTo(-6, 0);
  });

  it("lists devices, changes them, and releases the microphone at the end", async () => {
    const client = await call({ microphone: raw });
    const { inputs } = await client.devices();
    expect(inputs.length).toBeGreaterThan(1);
    const other = inputs.at(-1)?.id as string;
    await client.setInputDevice(other);
    const before = ScriptedSocket.last.audio.length;
    await until(() => ScriptedSocket.last.audio.length > before + 5);
    await expect(client.setInputDevice("there-is-none")).rejects.toMatchObject({ code: "microphone_not_found" });
    expect(client.hasMicrophone).toBe(true);
    await client.disconnect();
    expect(client.hasMicrophone).toBe(false);
  });

  it("takes another microphone when one is unplugged, and says so when there is none", async () => {
    const streams: MediaStream[] = [];
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    const spy = vi.spyOn(navigator.mediaDevices, "getUserMedia").mockImplementation(async (constraints) => {
      const stream = await real(constraints);
      streams.push(stream);
      return stream;
    });
    const client = await call({ microphone: raw });
    const errors: string[] = [];
    client.on("error", ({ code }) => errors.push(code));
    const unplug = (): unknown => streams.at(-1)?.getTracks()[0]?.dispatchEvent(new Event("ended"));
    unplug();
    await until(() => streams.length === 2 && client.hasMicrophone);
    const before = ScriptedSocket.last.audio.length;
    await until(() => ScriptedSocket.last.audio.length > before + 5);
    spy.mockRejectedValue(new DOMException("none left", "NotFoundError"));
    unplug();
    await until(() => errors.length > 0);
    expect(errors).toEqual(["microphone_lost"]);
    expect([client.hasMicrophone, client.state]).toEqual([false, "listening"]);
  });
});

describe("what can go wrong in a real browser", () => {
  it.each([
    ["NotAllowedError", "microphone_denied"],
    ["NotFoundError", "microphone_not_found"],
    ["NotReadableError", "microphone_in_use"],
    ["OverconstrainedError", "microphone_not_found"],
  ])("%s is %s, with a sentence for the person", async (name, code) => {
    vi.spyOn(navigator.mediaDevices, "getUserMedia").mockRejectedValue(new DOMException("no", name));
    const client = new VoiceClient({ url: "/voice" });
    await expect(client.connect()).rejects.toMatchObject({ code, hint: expect.stringMatching(/microphone/i) });
    expect(client.state).toBe("ended");
    expect(ScriptedSocket.sockets).toEqual([]);
  });

  it("says that an insecure page cannot call", async () => {
    vi.spyOn(globalThis, "isSecureContext", "get").mockReturnValue(false);
    const client = new VoiceClient({ url: "/voice" });
    await expect(client.connect()).rejects.toMatchObject({ code: "insecure_context" });
  });

  it("loads the audio code from an address, and says when that fails", async () => {
    const { workletSource } = await import("./generated/worklets.ts");
    const workletUrl = URL.createObjectURL(new Blob([workletSource], { type: "text/javascript" }));
    const client = await call({ workletUrl });
    expect(client.state).toBe("listening");
    await client.disconnect();
    const broken = new VoiceClient({ url: "/voice", microphone: false, workletUrl: "/nothing-here.js" });
    await expect(broken.connect()).rejects.toMatchObject({ code: "worklet_failed" });
  });

  it("says when the browser keeps the page silent, and goes on with the next touch", async () => {
    const contexts: AudioContext[] = [];
    const Real = AudioContext;
    vi.stubGlobal(
      "AudioContext",
      class extends Real {
        constructor(options?: AudioContextOptions) {
          super(options);
          contexts.push(this);
        }
      },
    );
    try {
      const client = await call();
      const blocked: boolean[] = [];
      client.on("autoplay-blocked", (event) => blocked.push(event.blocked));
      await contexts[0]?.suspend();
      await until(() => blocked.length === 1);
      dispatchEvent(new PointerEvent("pointerdown"));
      await until(() => blocked.length === 2);
      expect(blocked).toEqual([true, false]);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it("closes its audio context", async () => {
    const close = vi.spyOn(AudioContext.prototype, "close");
    const client = await call();
    await client.disconnect();
    expect(close).toHaveBeenCalledTimes(1);
  });
});

describe("a transport that carries streams", () => {
  it("gets what goes out as a stream, and plays and measures what comes in", async () => {
    const context = new AudioContext();
    const oscillator = new OscillatorNode(context, { frequency: 440 });
    const destination = context.createMediaStreamDestination();
    oscillator.connect(destination);
    oscillator.start();
    let sent: MediaStream | undefined;
    let made: TransportContext | undefined;
    const created: HTMLAudioElement[] = [];
    const RealAudio = globalThis.Audio;
    vi.stubGlobal("Audio", function FakeAudio() {
      const element = new RealAudio();
      created.push(element);
      return element;
    });
    const client = await call({
      transport: (transportContext) => {
        made = transportContext;
        return {
          name: "streams",
          media: "stream",
          connect: async () => ready,
          send: () => {},
          sendAudio: () => false,
          sendStream: async (stream) => {
            sent = stream;
          },
          close: () => {},
        };
      },
    });
    const levels: number[] = [];
    client.on("level", ({ output }) => levels.push(output));
    made?.handlers.onStream(destination.stream);
    await until(() => levels.some((level) => Math.abs(level + 3) < 1));

    // What was stopped is silent at once; what comes later is heard.
    const element = created.at(-1) as HTMLAudioElement;
    expect([element.srcObject, element.paused, element.muted]).toEqual([destination.stream, false, false]);
    client.interrupt();
    expect(element.muted).toBe(true);
    await until(() => !element.muted);

    // What goes out is the recording here; it would be the microphone.
    const heard = new AnalyserNode(context, { fftSize: 2_048 });
    context.createMediaStreamSource(sent as MediaStream).connect(heard);
    const sending = client.sendSample(sinePcm(1_000, 16_000, 32_000));
    const samples = new Float32Array(2_048);
    await until(() => {
      heard.getFloatTimeDomainData(samples);
      return Math.abs(rmsDb(samples) + 9) < 1;
    });
    await client.disconnect();
    expect([element.srcObject, element.paused]).toEqual([null, true]);
    vi.unstubAllGlobals();
    await sending;
    await context.close();
  });
});
