import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { VoiceChannel } from "@roomkit/channel-voice";
import { opus } from "@roomkit/codec-opus";
import {
  type AudioFrame,
  type RecordingSummary,
  RoomKit,
  roomPerCaller,
  sequenceDelta,
  silentLogger,
  type VoiceSession,
} from "@roomkit/core";
import { audioPipeline, createResampler } from "@roomkit/pipeline";
import { wavRecorder } from "@roomkit/recorder-wav";
import { ScriptedStt, ScriptedTts, samplesOfWav, seededRandom, speechLike, VirtualClock } from "@roomkit/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { TestClient } from "../client.fixture.ts";
import { start } from "../harness.fixture.ts";
import { timestampDelta } from "../media/rtp.ts";
import { until } from "../testing.fixture.ts";

const RATE = 16_000;
const OPUS_RATE = 48_000;
const TICK_MS = 20;
const SECONDS = 30;
/** Opus says of silence that it is nearly so. */
const QUIET = 40;

/** Sound at a place, in samples at 16,000 Hz. */
interface Sound {
  readonly at: number;
  readonly samples: Int16Array;
}

let dir: string;
const running: (() => Promise<void>)[] = [];
beforeEach(async () => {
  dir = await mkdtemp(path(tmpdir(), "recording-"));
});
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
  await rm(dir, { recursive: true, force: true });
});

/** A voice channel with a recorder, and a client on a real peer; the server's time is virtual, the network's is not. */
async function recordedCall(storage: string, consent?: (kit: RoomKit) => void) {
  const clock = new VirtualClock({ turns: 1 });
  const kit = new RoomKit({ clock, logger: silentLogger });
  // The channel is given the transport, and the mount the kit.
  let factory: ReturnType<typeof roomPerCaller> | undefined;
  const server = await start(
    { clock, playedSilence: true, limits: { idleTimeoutMs: 3_600_000 } },
    {
      allowAnonymous: true,
      sessionFactory: (label, context) => (factory as NonNullable<typeof factory>)(label, context),
    },
  );
  const voice = new VoiceChannel("voice", {
    backend: server.transport,
    stt: new ScriptedStt(clock, []),
    tts: new ScriptedTts(clock),
    pipeline: audioPipeline({ recorder: wavRecorder({ storage }), logger: silentLogger }),
    turnDetection: "manual",
  });
  kit.registerChannel(voice);
  factory = roomPerCaller(kit, { channels: ["voice"] });
  const stopped: RecordingSummary[] = [];
  kit.hook("ON_RECORDING_STOPPED", ({ recording }) => void stopped.push(recording));
  consent?.(kit);
  const played: { readonly at: number; readonly frame: AudioFrame }[] = [];
  let [session, connectionId]: [VoiceSession | undefined, string] = [undefined, ""];
  server.transport.onSessionReady((ready, connection) => {
    session = ready;
    connectionId = connection.id;
    connection.onPlayed((frame, at = Number.NaN) => played.push({ at, frame }));
  });
  const client = await server.client().connect();
  await until(() => voice.sessions.length === 1, "the call");
  running.push(async () => {
    const closing = Promise.all([kit.close(), server.stop()]);
    for (let i = 0; i < 100; i++) await clock.advance(20);
    await closing;
  });
  const encoder = await opus().createEncoder({ sampleRate: OPUS_RATE });
  running.push(async () => encoder.close());
  let [sent, skipped] = [0, 0];
  /** 20 ms of the microphone, sent now and received now; nothing is sent of `undefined`, and the client counts on. */
  const tick = async (samples: Int16Array | undefined, lost = false): Promise<void> => {
    await clock.advance(TICK_MS);
    if (!samples) skipped++;
    else {
      const packet = encoder.encode(samples) as Uint8Array;
      // One that is lost is one number and one frame that never come.
      if (lost) lostPackets++;
      else {
        client.sendRtp(packet, { skip: lostPackets, silent: skipped });
        [lostPackets, skipped] = [0, 0];
        sent++;
        await until(() => (server.transport.statsOf(connectionId)?.peer.rtpReceived ?? sent) >= sent, "the packet");
      }
    }
  };
  let lostPackets = 0;
  const hangUp = async (): Promise<void> => {
    const { transport } = server;
    await until(() => client.packets.length >= (transport.statsOf(connectionId)?.peer.rtpSent ?? 0), "all packets");
    await client.close();
    await until(() => voice.sessions.length === 0, "the end");
    for (let i = 0; i < 500 && stopped.length === 0; i++) {
      await clock.advance(20);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  return { clock, kit, voice, client, session: session as unknown as VoiceSession, tick, hangUp, played, stopped };
}

function resampled(samples: Int16Array, from: number): Int16Array {
  const resampler = createResampler(from, RATE);
  const [body, rest] = [resampler.process(samples), resampler.flush()];
  return Int16Array.from([...body, ...rest]);
}

/** By how many samples `track` has a sound later than at its place, to where they are most alike; from -`most` to `most`. */
function lagOf(track: Int16Array, { at, samples }: Sound, most: number, around = 0): number {
  let [best, bestLag] = [Number.NEGATIVE_INFINITY, 0];
  for (let lag = around - most; lag <= around + most; lag++) {
    let sum = 0;
    for (let i = 0; i < samples.length; i += 2) sum += (samples[i] as number) * (track[at + lag + i] ?? 0);
    if (sum > best) [best, bestLag] = [sum, lag];
  }
  return bestLag;
}

/** The lags of all sounds, in samples; the first is looked for far and wide. */
function lags(track: Int16Array, sounds: readonly Sound[]): number[] {
  const [first] = sounds;
  const around = first ? lagOf(track, first, 800) : 0;
  return sounds.map((sound) => lagOf(track, sound, 100, around));
}

const spread = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);

/** Where sounds began that were played, with silence of half a second before each. */
function sounds(
  played: readonly { readonly at: number; readonly frame: AudioFrame }[],
  begin: number,
): { at: number }[] {
  let until = Number.NEGATIVE_INFINITY;
  return played.flatMap(({ at, frame }) => {
    if (frame.samples.every((sample) => sample === 0)) return [];
    const begins = at - until > 500;
    until = at + (frame.samples.length * 1000) / frame.sampleRate;
    return begins ? [{ at: Math.round((at - begin) * 16) }] : [];
  });
}

/** What a client decodes of the track, its first packet at `zero`. */
async function lineOf({ packets }: TestClient, zero: number): Promise<Int16Array> {
  const decoder = await opus().createDecoder({ sampleRate: RATE });
  const inOrder = [...packets].sort((a, b) => sequenceDelta(a.header.sequenceNumber, b.header.sequenceNumber));
  const first = inOrder[0]?.header.timestamp ?? 0;
  const line = new Int16Array(RATE * (SECONDS + 5));
  for (const { header, payload } of inOrder)
    line.set(decoder.decode(payload), zero + timestampDelta(header.timestamp, first) / 3);
  decoder.close();
  return line;
}

/** The loudest sample outside of some sounds, from `beforeMs` before them to `afterMs` after them. */
function loudestBeside(track: Int16Array, sounds: readonly Sound[], beforeMs: number, afterMs: number): number {
  let loudest = 0;
  let next = 0;
  for (const { at, samples } of [...sounds, { at: track.length + RATE, samples: new Int16Array(0) }]) {
    for (let i = next; i < Math.min(track.length, at - (beforeMs * RATE) / 1000); i++)
      loudest = Math.max(loudest, Math.abs(track[i] as number));
    next = at + samples.length + (afterMs * RATE) / 1000;
  }
  return loudest;
}

it("a call over WebRTC has both sides where they were, to the sample, for half a minute with pauses and losses", {
  timeout: 120_000,
}, async () => {
  const call = await recordedCall(dir);
  const begin = call.clock.now();
  const random = seededRandom(5);
  const [said, announced]: [Sound[], Int16Array[]] = [[], []];
  let speech: { readonly samples: Int16Array; at: number } | undefined;
  let quiet: { ticks: number; readonly sends: boolean } = { ticks: 25, sends: true };
  for (let tick = 0; tick < (SECONDS * 1_000) / TICK_MS; tick++) {
    if (tick % 400 === 100) {
      const samples = speechLike(24_000, 1_500 + 1_000 * random(), 4_000, tick);
      announced.push(resampled(samples, 24_000));
      void call.voice
        .play(call.session.id, { samples, sampleRate: 24_000, channels: 1, timestamp: 0 }, "Hear.")
        .catch(() => {});
    }
    if (!speech && quiet.ticks-- <= 0) {
      speech = { samples: speechLike(OPUS_RATE, TICK_MS * Math.round(30 + 40 * random()), 4_000, tick), at: 0 };
      said.push({ at: tick * TICK_MS * 16, samples: resampled(speech.samples, OPUS_RATE) });
    }
    if (speech) {
      await call.tick(speech.samples.subarray(speech.at, speech.at + 960), random() < 0.02);
      speech.at += 960;
      if (speech.at < speech.samples.length) continue;
      speech = undefined;
      // A client that is muted or finds that nothing is said sends silence, or nothing and counts on.
      quiet = { ticks: Math.round(15 + 60 * random()), sends: random() < 0.5 };
    } else await call.tick(quiet.sends ? new Int16Array(960) : undefined);
  }
  await call.hangUp();
  expect(call.stopped).toMatchObject([{ lostMs: 0, channels: ["inbound", "outbound"] }]);
  const { samples, format } = samplesOfWav(await readFile(path(dir, (await readdir(dir))[0] ?? "")));
  expect(format).toEqual({ sampleRate: RATE, channels: 2 });
  const side = (offset: number): Int16Array => samples.filter((_sample, i) => i % 2 === offset);
  const [left, right] = [side(0), side(1)];
  expect(left.length).toBe(RATE * SECONDS);
  // What the caller said is later by what the codec takes, and by nothing else.
  expect(spread(lags(left, said))).toBeLessThanOrEqual(1);
  expect(loudestBeside(left, said, 0, 40)).toBeLessThan(QUIET);
  // What was played stands where the server played it.
  const heard = sounds(call.played, begin).map(({ at }, i) => ({ at, samples: announced[i] as Int16Array }));
  expect(heard.length).toBe(announced.length);
  expect(lags(right, heard).every((lag) => Math.abs(lag) <= 1)).toBe(true);
  expect(loudestBeside(right, heard, 5, 25)).toBe(0);
  // And so it was at the peer, by its packets' timestamps.
  const there = await lineOf(call.client, heard[0]?.at ?? 0);
  const recorded = heard.map(({ at, samples: { length } }) => ({ at, samples: right.subarray(at, at + length) }));
  expect(spread(lags(there, recorded))).toBeLessThanOrEqual(1);
});

it("a call over WebRTC leaves no file when the hook refuses", async () => {
  const folder = path(dir, "never");
  const refused: string[] = [];
  const call = await recordedCall(folder, (kit) => {
    kit.hook("ON_RECORDING_STARTED", () => ({ action: "block", reason: "not here" }));
    kit.on("recording_refused", ({ reason }) => void refused.push(reason));
  });
  for (let tick = 0; tick < 50; tick++) await call.tick(new Int16Array(960).fill(1_000));
  expect(call.voice.recording(call.session.id)?.state).toBe("ended");
  await call.hangUp();
  expect([refused, call.stopped, existsSync(folder)]).toEqual([["not here"], [], false]);
});
