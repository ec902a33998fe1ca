import { decodeMulaw, encodeMulaw } from "@roomkit/codec-mulaw";
import { opus } from "@roomkit/codec-opus";
import alawmulaw from "alawmulaw";
import g711 from "g711";
import { microsecondsPerCall } from "../measure/cpu.ts";
import { type Bench, type Comparison, compare, numberOption, type Table } from "../measure/report.ts";
import { frameAt, speechLike } from "../measure/signal.ts";

interface Mulaw {
  readonly encode: (samples: Int16Array) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Int16Array;
}

const own: Mulaw = { encode: (samples) => encodeMulaw(samples), decode: (bytes) => decodeMulaw(bytes) };
/** Codecs of npm that take and give typed arrays. */
const others: Readonly<Record<string, Mulaw>> = {
  alawmulaw: { encode: alawmulaw.mulaw.encode, decode: alawmulaw.mulaw.decode },
  // 16 bit, as long as nothing else is asked for.
  g711: {
    encode: (samples) => g711.ulawFromPCM(samples),
    decode: (bytes) => g711.ulawToPCM(bytes) as unknown as Int16Array,
  },
};
/** Samples of a call: 5, 20 and 40 ms of a telephone, 20 ms at 24 and 48 kHz, and what the plain page sends at a time. */
const SIZES = [40, 160, 320, 480, 960, 4_096];
/** Different frames, so that no call sees the same as the one before. */
const FRAMES = 20;

/**
 * Processor time of codecs: mu-law beside the codec of npm that is fastest at that size of a call, Opus by native code beside
 * WebAssembly. `codecs [--samples 4000000] [--rounds 5]`: of mu-law, in each round.
 */
export const codecs: Bench = async (args) => {
  const samples = numberOption(args, "samples", 4_000_000, [1_000, 1_000_000_000]);
  const rounds = numberOption(args, "rounds", 5, [1, 100]);
  return {
    bench: "codecs",
    reference: "the fastest of npm at that size, and Opus by WebAssembly",
    comparisons: [...(await mulawCosts(samples, rounds)), ...(await opusCosts(samples, rounds))],
    tables: [differences()],
  };
};

async function mulawCosts(samples: number, rounds: number): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const size of SIZES) {
    const calls = Math.ceil(samples / size);
    const sound = speechLike(50 * size, 1_000);
    const frames = Array.from({ length: FRAMES }, (_, i) => frameAt(sound, 50 * size, i).samples);
    const coded = frames.map(own.encode);
    const costs = {
      encode: ({ encode }: Mulaw) => microsecondsPerCall((i) => encode(frames[i % FRAMES] as Int16Array), calls, 1),
      decode: ({ decode }: Mulaw) => microsecondsPerCall((i) => decode(coded[i % FRAMES] as Uint8Array), calls, 1),
    };
    for (const [what, cost] of Object.entries(costs)) {
      const least = new Map<string, number>();
      // In turn, so that whatever else runs on the machine meets all of them.
      for (let round = 0; round < rounds; round++)
        for (const [name, codec] of Object.entries({ own, ...others }))
          least.set(name, Math.min(least.get(name) ?? Number.POSITIVE_INFINITY, await cost(codec)));
      const [[name, best] = ["", 0]] = [...least].filter(([name]) => name !== "own").sort(([, a], [, b]) => a - b);
      comparisons.push(compare(`mu-law, ${what} ${size}`, { µs: least.get("own") ?? 0 }, { µs: best }, name));
    }
  }
  return comparisons;
}

async function opusCosts(samples: number, rounds: number): Promise<Comparison[]> {
  const sound = speechLike(24_000, 4_000);
  const cost = async (binding: "wasm" | "@evan/opus"): Promise<number> => {
    const encoder = await opus({ binding }).createEncoder({ sampleRate: 24_000 });
    const calls = Math.ceil(samples / 4_000);
    const least = await microsecondsPerCall((i) => encoder.encode(frameAt(sound, 24_000, i).samples), calls, rounds);
    encoder.close();
    return least;
  };
  return [compare("Opus, 20 ms at 24 kHz", { µs: await cost("@evan/opus") }, { µs: await cost("wasm") })];
}

/** Whether they all say the same. */
function differences(): Table {
  const all = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
  const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const count = (a: ArrayLike<number>, b: ArrayLike<number>): string =>
    String(Array.from(a).filter((value, i) => value !== b[i]).length);
  return {
    title: "mu-law: what is coded otherwise, of 65,536 samples, and decoded otherwise, of 256 codes",
    head: ["codec", "samples", "codes"],
    rows: Object.entries(others).map(([name, { encode, decode }]) => [
      name,
      count(own.encode(all), encode(all)),
      count(own.decode(codes), decode(codes)),
    ]),
  };
}
