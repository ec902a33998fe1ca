import { Child } from "../measure/child.ts";
import { type Bench, type Comparison, compare, counts, numberOption } from "../measure/report.ts";
import { percentile } from "../measure/statistics.ts";
import type { EchoServer } from "../webrtc/echo-server.ts";
import { roomkitServer } from "../webrtc/roomkit-server.ts";
import { meterServer } from "../webrtc/server-meter.ts";
import { epochMs } from "../webrtc/sounds.ts";
import { stacksNamed } from "../webrtc/stacks.ts";
import type { CrowdAnswer, CrowdRequest } from "./messages.ts";

const ANSWER_MS = 120_000;
/** A client that is told to come again waits about so long. */
const AGAIN_MS = 1_000;
/** No limit at all. */
const ANY = 1_000_000;
/** Later than this nobody takes it for a conversation. */
const SOON_MS = 400;

interface Conditions {
  readonly calls: number;
  readonly rate: number;
  readonly warmMs: number;
  readonly measureMs: number;
}

/**
 * More calls than a transport takes: `overload [calls...] [--engine werift] [--workers 1] [--calls 25] [--rate 5] [--seconds 5] [--warm 3]`.
 * Calls come `--rate` a second, and those refused ask again every second. Workers and the calls on one are the transport's
 * defaults unless given; `--workers 0` has the media on the main thread, where only its lag refuses.
 */
export const overload: Bench = async (args) => {
  const measureMs = numberOption(args, "seconds", 5, [1.2, 600]) * 1000;
  const warmMs = numberOption(args, "warm", 3, [0, 60]) * 1000;
  const rate = numberOption(args, "rate", 5, [0.1, 1_000]);
  const workers = given("workers") ? Math.floor(numberOption(args, "workers", 1, [0, 64])) : undefined;
  const most = given("calls") ? { calls: Math.floor(numberOption(args, "calls", 25, [1, 1_000])) } : {};
  const count = workers === undefined ? {} : { count: workers };
  const callers = new Child<CrowdRequest, CrowdAnswer>(import.meta.url, "callers");
  const comparisons: Comparison[] = [];
  try {
    for (const { name, engine } of stacksNamed(args.options.engine ?? "werift")) {
      // The first connection of all waits for code and keys; neither side shall pay for that.
      const brief = { calls: 1, rate: 1, warmMs: 0, measureMs: 100 };
      await measure(callers, await roomkitServer({ engine: engine() }), brief);
      for (const calls of counts(args, [60], 500)) {
        const conditions = { calls, rate, warmMs, measureMs };
        const limited = workers === 0 ? {} : { workers: { ...count, ...most } };
        const open = workers === 0 ? {} : { workers: { ...count, calls: ANY } };
        const all = await measure(
          callers,
          await roomkitServer({ engine: engine(), limits: { lagMs: ANY, utilization: 1 }, ...open }),
          conditions,
        );
        const ours = await measure(callers, await roomkitServer({ engine: engine(), ...limited }), conditions);
        comparisons.push(compare(`${calls} on ${name}`, ours.figures, all.figures, outcome(ours, calls)));
      }
    }
  } finally {
    await callers.close();
  }
  return { bench: "overload", reference: "the same transport that takes every call", comparisons };

  function given(name: string): boolean {
    return args.options[name] !== undefined;
  }
};

interface Measured {
  readonly figures: Record<string, number>;
  readonly answer: CrowdAnswer;
}

/** How the calls ended, in words: a refusal has no ratio to a transport that refuses nothing. */
function outcome({ answer }: Measured, calls: number): string {
  const { taken = 0, refusals = {}, failed = 0 } = answer;
  const codes = Object.entries(refusals).map(([code, times]) => `${times} offers refused with ${code}`);
  const others = failed > 0 ? [`${failed} offers failed`] : [];
  return [`${taken} taken`, `${calls - taken} not`, ...codes, ...others].join(", ");
}

async function measure(
  callers: Child<CrowdRequest, CrowdAnswer>,
  server: EchoServer,
  { calls, rate, warmMs, measureMs }: Conditions,
): Promise<Measured> {
  try {
    const call = { type: "call", url: server.url, calls, rate, againMs: AGAIN_MS } as const;
    await callers.ask(call, ANSWER_MS + (calls / rate) * 1000);
    await new Promise((resolve) => setTimeout(resolve, warmMs));
    const from = epochMs();
    const stop = meterServer(server);
    const answer = await callers.ask({ type: "measure", ms: measureMs }, ANSWER_MS + measureMs);
    const { cpuMs, wallMs, lateMs } = stop();
    const { taken = 0, packets = 0, sounds = {}, connectMs = [] } = answer;
    const speaking = Object.keys(sounds).length;
    const heard = server.ears.heardOf(sounds);
    const oneWay = heard.filter(({ at }) => at >= from).map(({ oneWayMs }) => oneWayMs);
    const soon = new Set(heard.filter(({ oneWayMs }) => oneWayMs < SOON_MS).map(({ sound }) => sound));
    // Of those sent last it is not known yet.
    const due = Object.values(sounds).flatMap((each) =>
      each.filter(({ at }) => at >= from - SOON_MS && at < from + wallMs - 2 * SOON_MS),
    );
    return {
      figures: {
        "calls taken": taken,
        "packets out per session, 1/s": ((packets / wallMs) * 1000) / speaking,
        "sounds heard within 0.4 s, %": (due.filter((sound) => soon.has(sound)).length / due.length) * 100,
        "one way in p50, ms": percentile(oneWay, 0.5),
        "one way in p99, ms": percentile(oneWay, 0.99),
        "connect p50, ms": percentile(connectMs, 0.5),
        "connect p99, ms": percentile(connectMs, 0.99),
        "CPU, ms/s": (cpuMs / wallMs) * 1000,
        "main thread late p99, ms": lateMs,
      },
      answer,
    };
  } finally {
    await callers.ask({ type: "close" }, ANSWER_MS);
    await server.close();
  }
}
