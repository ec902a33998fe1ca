import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mulaw } from "@roomkit/codec-mulaw";
import { opus } from "@roomkit/codec-opus";
import { silentLogger } from "@roomkit/core";
import { inSequence, quiet, wavOfSamples, wordErrorRate } from "@roomkit/testing";
import { werift } from "@roomkit/webrtc-engine-werift";
import { chromium } from "playwright-core";
import { Recogniser } from "../audio/recognise.ts";
import { resampled, type Speech, speech } from "../audio/speech.ts";
import { type Bench, type Comparison, compare, numberOption } from "../measure/report.ts";
import { BANDS, differences, lagOf } from "./bands.ts";
import { Caller } from "./caller.ts";
import { type HearingServer, hearingServer } from "./hearing-server.ts";
import { PACKET_MS } from "./sounds.ts";

const RATE = 16_000;
/** A browser opens its microphone before it calls: until then nothing is said. */
const LEAD_MS = 4_000;
const GAP_MS = 700;
/** Calls of a browser at the same time. */
const AT_ONCE = 4;
/** Around a clip when it is cut out again, ms. */
const MARGIN_MS = 200;
const finder = new URL("../../../../scripts/lib/chromium.mjs", import.meta.url).href;

/** A call, or a line that is none. */
interface Way {
  readonly name: string;
  readonly heard: Int16Array;
  readonly lost?: number | undefined;
  readonly madeUpMs?: number | undefined;
}

interface Plan {
  readonly loss: number;
  readonly fec: boolean;
  /** What the browser does to its microphone; absent: no browser. */
  readonly processing?: boolean | undefined;
}

/**
 * What the local recogniser makes of speech that came over WebRTC, WebSocket and the telephone: `hears [--loss 1,3,5] [--clips 25] [--places 3]
 * [--browser yes]`. All clips are one track that each caller says in real time, in a call of its own; each clip is then
 * recognised in several places of its first 20 ms, as a word hangs on that. The reference is what was said.
 */
export const hears: Bench = async (args) => {
  const losses = (args.options.loss ?? "1,3,5").split(",").filter(Boolean).map(Number);
  const clips = numberOption(args, "clips", 25, [1, 100]);
  const places = numberOption(args, "places", 3, [1, 20]);
  const all = await speech(RATE);
  const said: Speech = { ...all, clips: all.clips.slice(-clips) };
  const track = trackOf(said);
  const plans: Plan[] = [
    { loss: 0, fec: true },
    ...losses.flatMap((percent) => [true, false].map((fec) => ({ loss: percent / 100, fec }))),
  ];
  const ways: Way[] = [
    { name: "the microphone itself", heard: track.samples },
    { name: "WebSocket, mu-law at 16 kHz", heard: throughMulaw(track.samples, RATE) },
    { name: "telephone, mu-law at 8 kHz", heard: throughMulaw(track.samples, 8_000) },
    ...(await called(track.samples, plans, args.options.browser !== "no")),
  ];
  const recogniser = new Recogniser();
  await recogniser.warmUp();
  const comparisons: Comparison[] = [];
  const rows: (string | number)[][] = [];
  try {
    let reference: Record<string, number> | undefined;
    for (const { name, heard, lost, madeUpMs } of ways) {
      const lag = lagOf(track.samples, heard);
      const pieces = track.clips.map(({ from, to }) => piece(track.samples, heard, { from, to, lag }));
      const pairs: [string, string][] = [];
      for (let place = 0; place < places; place++) {
        const late = new Int16Array(Math.floor((place * RATE) / 50 / places));
        for (const [i, { samples }] of pieces.entries())
          pairs.push([track.clips[i]?.text ?? "", await recogniser.hear(inSequence(late, samples))]);
      }
      const wrong = 100 * wordErrorRate(pairs);
      const spoken = track.clips.map(({ from, to }) => track.samples.subarray(from, to));
      const bands = differences(inSequence(...spoken), inSequence(...pieces.map(({ samples }) => samples)), 0);
      const lags = pieces.map((each) => each.lag);
      const movedMs = ((Math.max(...lags) - Math.min(...lags)) * 1000) / RATE;
      const figures = { "words right, %": 100 - wrong };
      reference ??= figures;
      comparisons.push(compare(name, figures, reference));
      rows.push([
        name,
        wrong.toFixed(1),
        lost === undefined ? "-" : `${lost} / ${Math.round(madeUpMs ?? 0)} / ${Math.round(movedMs)}`,
        ...bands.map(({ level, snr }) => (snr > 80 ? "same" : `${level.toFixed(1)} / ${snr.toFixed(1)}`)),
      ]);
    }
  } finally {
    await recogniser.close();
  }
  const head = [
    "path",
    "words wrong, %",
    "packets lost / made up, ms / moved, ms",
    ...BANDS.map(([from, to]) => `${from} to ${to} Hz`),
  ];
  const title = `${said.clips.length} clips (${said.voice}), each in ${places} places; by band: level against what was said / SNR, dB`;
  return {
    bench: "hears",
    reference: "what was said, before it went anywhere",
    comparisons,
    tables: [{ title, head, rows }],
  };
};

/** A stretch of what was said as it was heard, as long and where it fits best: `lag` samples later, or at most half a second from there. */
function piece(
  said: Int16Array,
  heard: Int16Array,
  { from, to, lag }: { readonly from: number; readonly to: number; readonly lag: number },
): { readonly samples: Int16Array; readonly lag: number } {
  const begins = Math.max(0, from + lag - RATE / 2);
  const around = heard.subarray(begins, to + lag + RATE / 2);
  const at = lagOf(said.subarray(from, to), around);
  const samples = new Int16Array(to - from);
  samples.set(around.subarray(Math.max(0, at), Math.max(0, at) + samples.length));
  return { samples, lag: begins + at - from };
}

interface Track {
  readonly samples: Int16Array;
  readonly clips: readonly { readonly text: string; readonly from: number; readonly to: number }[];
}

function trackOf({ clips }: Speech): Track {
  const parts: Int16Array[] = [quiet(RATE, LEAD_MS)];
  const places: Track["clips"][number][] = [];
  const margin = (MARGIN_MS * RATE) / 1000;
  let at = parts[0]?.length ?? 0;
  for (const { text, samples } of clips) {
    places.push({ text, from: at - margin, to: at + samples.length + margin });
    const gap = quiet(RATE, GAP_MS);
    parts.push(samples, gap);
    at += samples.length + gap.length;
  }
  return { samples: inSequence(...parts), clips: places };
}

function throughMulaw(samples: Int16Array, rate: number): Int16Array {
  const codec = mulaw();
  const coded = codec.decode(codec.encode(resampled(samples, RATE, rate))) as Int16Array;
  return resampled(Int16Array.from(coded), rate, RATE);
}

/** Who speaks in a call, and what the way is called. */
interface Spoken {
  readonly name: string;
  readonly caller: string;
}

/** The track said in calls, one for each plan and kind of caller; few at a time, as what is late on a busy machine is heard late. */
async function called(samples: Int16Array, plans: readonly Plan[], withBrowser: boolean): Promise<Way[]> {
  const wide = resampled(samples, RATE, 48_000);
  const { findChromium } = await import(finder);
  const chromiumPath: string | undefined = withBrowser ? findChromium() : undefined;
  const server = await hearingServer(werift({ listenAddresses: ["127.0.0.1"], logger: silentLogger }), PAGE);
  const folder = mkdtempSync(join(tmpdir(), "roomkit-hears-"));
  try {
    const spoken = await saidByCallers(server, plans, wide);
    if (chromiumPath !== undefined) {
      const file = join(folder, "microphone.wav");
      writeFileSync(file, wavOfSamples(wide, 48_000));
      const processed = { loss: 0, fec: true, processing: true };
      const own = [processed, ...plans.map((plan) => ({ ...plan, processing: false }))];
      const waitMs = (samples.length * 1000) / RATE + 1_500;
      // The first by itself: one microphone has one processing.
      for (let at = 0; at < own.length; at += at === 0 ? 1 : AT_ONCE) {
        const some = own.slice(at, at + (at === 0 ? 1 : AT_ONCE));
        spoken.push(...(await saidByPages(server, some, { chromiumPath, file, waitMs })));
      }
    }
    return spoken.map(({ name, caller }) => {
      const { frames, lost, madeUpMs } = server.heard(caller);
      return { name, heard: inSequence(...frames.map((frame) => frame.samples)), lost, madeUpMs };
    });
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function saidByCallers(server: HearingServer, plans: readonly Plan[], wide: Int16Array): Promise<Spoken[]> {
  const callers: Caller[] = [];
  try {
    const packets = new Map<boolean, Uint8Array[]>();
    for (const fec of [true, false]) packets.set(fec, await packetsOf(wide, fec));
    for (const plan of plans) {
      const caller = new Caller(idOf("native", plan));
      callers.push(caller);
      await caller.connect({ url: server.callUrl(plan.loss, plan.fec), loss: 0, delayMs: 0, timeoutMs: 10_000 });
    }
    const start = performance.now();
    const end = start + (packets.get(true)?.length ?? 0) * PACKET_MS;
    for (const caller of callers) caller.start(start);
    while (performance.now() < end) {
      const now = Math.min(performance.now(), end - PACKET_MS);
      for (const [i, caller] of callers.entries()) caller.speak(now, packets.get(plans[i]?.fec ?? true) ?? []);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return plans.map((plan, i) => ({ name: `WebRTC, ${label(plan)}`, caller: callers[i]?.name ?? "" }));
  } finally {
    for (const caller of callers) caller.close();
  }
}

async function saidByPages(
  server: HearingServer,
  plans: readonly Plan[],
  microphone: { readonly chromiumPath: string; readonly file: string; readonly waitMs: number },
): Promise<Spoken[]> {
  const { chromiumArguments } = await import(finder);
  const args = [...chromiumArguments, `--use-file-for-fake-audio-capture=${microphone.file}%noloop`];
  const browser = await chromium.launch({ executablePath: microphone.chromiumPath, args });
  try {
    const page = await (await browser.newContext({ permissions: ["microphone"] })).newPage();
    await page.goto(server.pageUrl);
    const calls = plans.map((plan) => ({ id: idOf("page", plan), url: server.callUrl(plan.loss, plan.fec) }));
    await page.evaluate(`call(${plans[0]?.processing ?? false}, ${JSON.stringify(calls)})`);
    await new Promise((resolve) => setTimeout(resolve, microphone.waitMs));
    return plans.map((plan) => ({ name: `Chromium, ${label(plan)}`, caller: idOf("page", plan) }));
  } finally {
    await browser.close();
  }
}

const idOf = (kind: string, { loss, fec, processing = false }: Plan): string =>
  `${kind}-${Math.round(loss * 1_000)}-${fec}-${processing}`;

const label = ({ loss, fec, processing = false }: Plan): string =>
  `${loss * 100} % lost${loss === 0 ? "" : fec ? ", FEC" : ", no FEC"}${processing ? ", echo, noise and level processed" : ""}`;

async function packetsOf(samples: Int16Array, inbandFec: boolean): Promise<Uint8Array[]> {
  const encoder = await opus({ inbandFec }).createEncoder({ sampleRate: 48_000 });
  const packets: Uint8Array[] = [];
  for (let at = 0; at + encoder.frameSamples <= samples.length; at += encoder.frameSamples)
    packets.push(Uint8Array.from(encoder.encode(samples.subarray(at, at + encoder.frameSamples)) ?? []));
  encoder.close();
  return packets;
}

/** A page that calls several times with one microphone. */
const PAGE = `<!doctype html><meta charset="utf-8"><script>
window.call = async (processing, calls) => {
  const audio = { echoCancellation: processing, noiseSuppression: processing, autoGainControl: processing };
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  await Promise.all(calls.map(async ({ id, url }) => {
    const pc = new RTCPeerConnection();
    pc.addTrack(stream.getAudioTracks()[0], stream);
    pc.createDataChannel("text");
    await pc.setLocalDescription(await pc.createOffer());
    const body = JSON.stringify({ sdp: pc.localDescription.sdp, type: "offer", webrtc_id: id });
    const answer = await (await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body })).json();
    if (!answer.sdp) throw new Error(JSON.stringify(answer));
    await pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    for (let tries = 0; pc.connectionState !== "connected"; tries++) {
      if (tries > 100) throw new Error(id + " did not connect: " + pc.connectionState);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }));
};
</script>`;
