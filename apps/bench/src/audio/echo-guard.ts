import { availableParallelism } from "node:os";
import { echoGuard as guarded } from "@roomkit/echo-guard";
import { microsecondsPerCall } from "../measure/cpu.ts";
import { type Bench, type BenchArguments, type Comparison, compare, numberOption } from "../measure/report.ts";
import { frameAt, speechLike } from "../measure/signal.ts";
import { echoRooms } from "./echo-rooms.ts";

/**
 * The echo guard: processor time per 20 ms of both directions beside a loop that copies them, and what it lets through in computed rooms.
 * `echo-guard [--rooms 100] [--threads 2] [--frames 2000] [--rounds 5]`: so many rooms, each at three couplings and four delays, on so many
 * threads; by default as many as there are cores.
 */
export const echoGuard: Bench = async (args) => ({
  bench: "echo-guard",
  reference: "a loop that copies the frames sample by sample",
  comparisons: await costs(args),
  tables: await echoRooms(
    numberOption(args, "rooms", 100, [0, 1_000]),
    numberOption(args, "threads", availableParallelism(), [1, 64]),
  ),
});

async function costs(args: BenchArguments): Promise<Comparison[]> {
  const frames = numberOption(args, "frames", 2_000, [10, 1_000_000]);
  const rounds = numberOption(args, "rounds", 5, [1, 100]);
  const comparisons: Comparison[] = [];
  for (const rate of [8_000, 16_000, 24_000, 48_000]) {
    const [sound, other] = [speechLike(rate, 4_000), speechLike(rate, 3_140)];
    const copied = await microsecondsPerCall(
      (i) => [0, 1].map(() => copy(frameAt(sound, rate, i).samples)),
      frames,
      rounds,
    );
    const cases = {
      "only an echo": (i: number) => frameAt(sound, rate, Math.max(0, i - 5)),
      "another voice all the time": (i: number) => frameAt(other, rate, i),
    };
    for (const [label, near] of Object.entries(cases)) {
      const stage = guarded().open({ sampleRate: rate, channels: 1 });
      const own = await microsecondsPerCall(
        (i) => {
          stage.reference(frameAt(sound, rate, i));
          return stage.process({ ...near(i), timestamp: 20 * i });
        },
        frames,
        rounds,
      );
      stage.close();
      comparisons.push(compare(`${rate} Hz, ${label}`, { "µs per 20 ms": own }, { "µs per 20 ms": copied }));
    }
    const idle = guarded().open({ sampleRate: rate, channels: 1 });
    const nothing = await microsecondsPerCall((i) => idle.process(frameAt(sound, rate, i)), frames, rounds);
    idle.close();
    comparisons.push(compare(`${rate} Hz, nothing is played`, { "µs per 20 ms": nothing }, { "µs per 20 ms": copied }));
  }
  return comparisons;
}

function copy(samples: Int16Array): Int16Array {
  const out = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = samples[i] as number;
  return out;
}
