import type { WebRTCEngine } from "@roomkit/core";
import { Child } from "../measure/child.ts";
import { cpuMeter, residentMb } from "../measure/cpu.ts";
import { type Bench, type Comparison, compare, counts, numberOption } from "../measure/report.ts";
import { percentile } from "../measure/statistics.ts";
import type { CallerAnswer, CallerRequest } from "./messages.ts";
import { bareServer, type EchoServer, engines, roomkitServer } from "./servers.ts";

const ANSWER_MS = 60_000;
const PACKET_MS = 20;

interface Conditions {
  readonly sessions: number;
  readonly measureMs: number;
  readonly warmMs: number;
  readonly loss: number;
  readonly delayMs: number;
}

/**
 * Calls over WebRTC that hear themselves: `webrtc [sessions...] [--engine werift,node-datachannel] [--seconds 5] [--warm 1] [--loss 5]
 * [--delay 20]`. With `--loss` (percent) or `--delay` (ms) a relay stands between, and a further line says how much of the lost
 * audio was made up.
 */
export const webrtc: Bench = async (args) => {
  const measureMs = numberOption(args, "seconds", 5, [0.5, 600]) * 1000;
  const warmMs = numberOption(args, "warm", 1, [0, 60]) * 1000;
  const loss = numberOption(args, "loss", 0, [0, 90]) / 100;
  const delayMs = numberOption(args, "delay", 0, [0, 1_000]);
  const names = (args.options.engine ?? Object.keys(engines).join()).split(",");
  const callers = new Child<CallerRequest, CallerAnswer>(import.meta.url, "callers");
  const comparisons: Comparison[] = [];
  try {
    // The first connection of all waits for code and keys; neither side shall pay for that.
    const brief = { sessions: 1, measureMs: 100, warmMs: 0, loss: 0, delayMs: 0 };
    await measure(callers, await bareServer(), brief);
    await measure(callers, await roomkitServer(engineOf("werift"), 1), brief);
    for (const sessions of counts(args, [1, 10, 25], 200)) {
      const conditions = { sessions, measureMs, warmMs, loss, delayMs };
      const bare = await measure(callers, await bareServer(), conditions);
      for (const name of names) {
        const ours = await measure(callers, await roomkitServer(engineOf(name), sessions), conditions);
        const label = `${sessions} on ${name}`;
        comparisons.push(compare(label, ours.figures, bare.figures));
        if (loss > 0) comparisons.push(compare(`${label}, ${loss * 100} % lost`, ours.madeUp, ours.lost));
      }
    }
  } finally {
    await callers.close();
  }
  return {
    bench: "webrtc",
    reference: "bare werift that decodes, codes and sends each packet; for loss, what the relay dropped",
    comparisons,
  };
};

function engineOf(name: string): WebRTCEngine {
  const make = engines[name];
  if (!make) throw new Error(`no engine ${name}; there are ${Object.keys(engines).join(", ")}`);
  return make();
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
    const connect = { type: "connect", url: server.url, sessions, warmMs, loss, delayMs } as const;
    const { connectMs = [], attempts = sessions } = await callers.ask(connect, ANSWER_MS + warmMs);
    const before = server.madeUp();
    const meter = cpuMeter();
    const asked = await callers.ask({ type: "measure", ms: measureMs }, ANSWER_MS + measureMs);
    const [cpu, wall] = [meter.cpuMs(), meter.wallMs()];
    const { delays = [], packets = 0, lost = 0 } = asked;
    const after = server.madeUp();
    const perSecond = (value: number): number => (value / wall / sessions) * 1000;
    return {
      figures: {
        "CPU per session, ms/s": perSecond(cpu),
        "CPU per packet in and out, µs": (cpu * 1000) / Math.max(1, packets),
        "packets out per session, 1/s": perSecond(packets),
        "connection attempts per session": attempts / sessions,
        "connect p50, ms": percentile(connectMs, 0.5),
        "connect p99, ms": percentile(connectMs, 0.99),
        "delay in and out p50, ms": percentile(delays, 0.5),
        "delay in and out p99, ms": percentile(delays, 0.99),
        "memory, MB": residentMb(),
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
