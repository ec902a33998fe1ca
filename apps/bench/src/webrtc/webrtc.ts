import { Child } from "../measure/child.ts";
import { type Bench, type Comparison, compare, counts, numberOption } from "../measure/report.ts";
import { percentile } from "../measure/statistics.ts";
import type { EchoServer } from "./echo-server.ts";
import type { CallerAnswer, CallerRequest } from "./messages.ts";
import { bindingsNamed, type OpusBinding } from "./opus-bindings.ts";
import { roomkitServer } from "./roomkit-server.ts";
import { meterServer } from "./server-meter.ts";
import { epochMs, PACKET_MS } from "./sounds.ts";
import { type Stack, stacks, stacksNamed } from "./stacks.ts";

const ANSWER_MS = 60_000;
/** On one machine what has not connected by then never will; it is begun again. */
const CONNECT_MS = 5_000;
/** What a benchmark measures it must not be refused. */
const NEVER_MS = 600_000;

interface Conditions {
  readonly sessions: number;
  readonly measureMs: number;
  readonly warmMs: number;
  readonly loss: number;
  readonly delayMs: number;
}

/**
 * Calls over WebRTC that hear themselves: `webrtc [sessions...] [--engine werift,node-datachannel] [--codec wasm,@evan/opus] [--workers 1]
 * [--seconds 5] [--warm 8] [--loss 5] [--delay 20]`. With `--loss` (percent) or `--delay` (ms) a relay stands between, and a further line says how much of
 * the lost audio was made up. With `--workers` ours is also measured with its media on so many threads or processes.
 */
export const webrtc: Bench = async (args) => {
  const measureMs = numberOption(args, "seconds", 5, [0.5, 600]) * 1000;
  const warmMs = numberOption(args, "warm", 8, [0, 60]) * 1000;
  const loss = numberOption(args, "loss", 0, [0, 90]) / 100;
  const delayMs = numberOption(args, "delay", 0, [0, 1_000]);
  const workers = Math.floor(numberOption(args, "workers", 0, [0, 64]));
  const chosen = stacksNamed(args.options.engine ?? stacks.map(({ name }) => name).join());
  const codecs = bindingsNamed(args.options.codec ?? "wasm");
  const sizes = counts(args, [1, 10, 25, 50], 200);
  const callers = new Child<CallerRequest, CallerAnswer>(import.meta.url, "callers");
  const comparisons: Comparison[] = [];
  try {
    for (const stack of chosen) {
      // The first connection of all waits for code and keys; neither side shall pay for that.
      const brief = { sessions: 1, measureMs: 100, warmMs: 0, loss: 0, delayMs: 0 };
      for (const codec of codecs) {
        await measure(callers, await stack.bare(codec), brief);
        await measure(callers, await ours(stack, 0, 1, codec), brief);
      }
    }
    for (const sessions of sizes) {
      const conditions = { sessions, measureMs, warmMs, loss, delayMs };
      for (const [stack, codec] of chosen.flatMap((each) => codecs.map((binding) => [each, binding] as const))) {
        const bare = await measure(callers, await stack.bare(codec), conditions);
        for (const count of workers > 0 ? [0, workers] : [0]) {
          const server = await ours(stack, count, sessions, codec);
          const coded = codecs.length > 1 ? `, ${codec}` : "";
          const label = `${sessions} on ${stack.name}${coded}${workersLabel(count, server)}`;
          const measured = await measure(callers, server, conditions);
          comparisons.push(compare(label, measured.figures, bare.figures));
          if (loss > 0) comparisons.push(compare(`${label}, ${loss * 100} % lost`, measured.madeUp, measured.lost));
        }
      }
    }
  } finally {
    await callers.close();
  }
  return {
    bench: "webrtc",
    reference:
      "the same library bare (werift, libdatachannel): decodes, codes and sends each packet; for loss, what the relay dropped",
    comparisons,
  };
};

function ours(stack: Stack, workers: number, sessions: number, codec: OpusBinding): Promise<EchoServer> {
  return roomkitServer({
    codec,
    engine: stack.engine(),
    limits: { lagMs: NEVER_MS, utilization: 1 },
    ...(workers > 0 ? { workers: { count: workers, calls: sessions } } : {}),
  });
}

/** What a label says of media workers, and of what is not counted of them. */
function workersLabel(count: number, { processes }: EchoServer): string {
  if (count === 0) return "";
  return `, ${count} ${count === 1 ? "worker" : "workers"}${processes ? "" : " (the cost of their processes is not counted)"}`;
}

interface Measured {
  readonly figures: Record<string, number>;
  readonly madeUp: Record<string, number>;
  readonly lost: Record<string, number>;
}

async function measure(
  callers: Child<CallerRequest, CallerAnswer>,
  server: EchoServer,
  { sessions, measureMs, warmMs, loss, delayMs }: Conditions,
): Promise<Measured> {
  try {
    const connect = {
      type: "connect",
      url: server.url,
      sessions,
      warmMs,
      loss,
      delayMs,
      timeoutMs: CONNECT_MS,
    } as const;
    const { connectMs = [], attempts = sessions } = await callers.ask(connect, ANSWER_MS + warmMs + sessions * 1000);
    const before = server.madeUp();
    const from = epochMs();
    const stop = meterServer(server);
    const listened = await callers.ask({ type: "measure", ms: measureMs }, ANSWER_MS + measureMs);
    const { cpuMs, wallMs, lateMs, memoryMb } = stop();
    const { delays = [], packets = 0, lost = 0, sounds = {} } = listened;
    const after = server.madeUp();
    const heard = server.ears.heardOf(sounds).filter(({ at }) => at >= from);
    const oneWay = heard.map(({ oneWayMs }) => oneWayMs);
    const perSecond = (value: number): number => (value / wallMs / sessions) * 1000;
    return {
      figures: {
        "CPU per session, ms/s": perSecond(cpuMs),
        "CPU per packet in and out, µs": (cpuMs * 1000) / Math.max(1, packets),
        "packets out per session, 1/s": perSecond(packets),
        "connection attempts per session": attempts / sessions,
        "connect p50, ms": percentile(connectMs, 0.5),
        "connect p99, ms": percentile(connectMs, 0.99),
        "one way in p50, ms": percentile(oneWay, 0.5),
        "one way in p99, ms": percentile(oneWay, 0.99),
        "delay in and out p50, ms": percentile(delays, 0.5),
        "delay in and out p99, ms": percentile(delays, 0.99),
        "main thread late p99, ms": lateMs,
        "memory, MB": memoryMb,
      },
      madeUp: {
        "audio made up, ms/s": perSecond(after.ms - before.ms),
        "packets missed, 1/s": perSecond(after.packets - before.packets),
      },
      lost: {
        "audio made up, ms/s": perSecond(lost * PACKET_MS),
        "packets missed, 1/s": perSecond(lost),
      },
    };
  } finally {
    await callers.ask({ type: "close" }, ANSWER_MS);
    await server.close();
  }
}
