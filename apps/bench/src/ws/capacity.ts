import { type Bench, compareRuns, numberOption } from "../measure/report.ts";
import { percentileOf } from "./bins.ts";
import { listen, type Rig, reference, Server, type Side, shown, sides, withRig } from "./rig.ts";

/** Frames of each call that a measurement may miss at its ends. */
const EDGE = 2;
/** A busy machine fails what it could carry: a size that failed is tried again. */
const TRIES = 2;

interface Probe {
  readonly calls: number;
  readonly carried: boolean;
  /** p99 from a frame to its echo, ms. */
  readonly delayMs: number;
  /** Of the core, 0 to 1. */
  readonly utilization: number;
}

/**
 * Calls before a core is full: `ws-capacity [--from 50] [--most 1000] [--seconds 5] [--warm 8] [--runs 3] [--delay 60] [--whole 98]`. A number
 * of calls is carried when 98 % of the audio comes back as it was sent, and 99 % of the echoes within 60 ms. Doubles until a number is not carried, then
 * halves the gap.
 */
export const wsCapacity: Bench = (args) =>
  withRig(args, async (rig) => {
    const from = Math.floor(numberOption(args, "from", 50, [1, 1_000]));
    const most = Math.floor(numberOption(args, "most", 1_000, [1, 4_000]));
    const limits = {
      delayMs: numberOption(args, "delay", 60, [1, 2_000]),
      whole: numberOption(args, "whole", 98, [0, 100]) / 100,
    };
    const measureMs = numberOption(args, "seconds", 5, [0.5, 600]) * 1000;
    const warmMs = numberOption(args, "warm", 8, [0, 60]) * 1000;
    const found: Record<Side, { carried: number; probes: Probe[] }[]> = { ours: [], bare: [] };
    for (let run = 0; run < rig.runs; run++)
      for (const side of sides) found[side].push(await search(rig, side, { from, most, measureMs, warmMs, limits }));
    const figures = (side: Side) =>
      found[side].map(({ carried, probes }) => ({
        "calls before a core is full": carried,
        "share of the core at the most carried, %": at(probes, carried).utilization * 100,
      }));
    const tried = (side: Side) => found[side].flatMap(({ probes }) => probes).sort((a, b) => a.calls - b.calls);
    return {
      bench: "ws-capacity",
      reference,
      comparisons: [
        compareRuns("one core", figures("ours"), figures("bare"), undefined, { more: ["calls before a core is full"] }),
      ],
      tables: [
        {
          title: "Each number of calls that was tried",
          head: ["server", "calls", "echo p99, ms", "of the core, %", "carried"],
          rows: sides.flatMap((side) =>
            tried(side).map(({ calls, carried, delayMs, utilization }) => [
              side,
              calls,
              Number.isNaN(delayMs) ? "none came" : delayMs,
              Math.round(utilization * 100),
              carried ? "yes" : "no",
            ]),
          ),
        },
      ],
      plots: [
        {
          title: "Echo p99 by calls on one core",
          x: "calls",
          y: "ms (above 200 left out)",
          lines: shown.map(([side, name]) => ({
            name,
            points: tried(side).flatMap(({ calls, delayMs }) => (delayMs <= 200 ? [[calls, delayMs] as const] : [])),
          })),
        },
      ],
    };
  });

const at = (probes: readonly Probe[], calls: number): Probe =>
  probes.find((probe) => probe.carried && probe.calls === calls) ?? (probes[0] as Probe);

interface Size {
  readonly measureMs: number;
  readonly warmMs: number;
  readonly limits: { readonly delayMs: number; readonly whole: number };
}

async function search(
  rig: Rig,
  side: Side,
  { from, most, ...size }: Size & { readonly from: number; readonly most: number },
): Promise<{ carried: number; probes: Probe[] }> {
  const probes: Probe[] = [];
  const carries = async (calls: number): Promise<boolean> => {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const found = await probe(rig, side, { calls, ...size });
      probes.push(found);
      if (found.carried) return true;
    }
    return false;
  };
  let carried = 0;
  let next = from;
  while (next <= most && (await carries(next))) {
    carried = next;
    next *= 2;
  }
  // More than is asked for is not tried.
  for (let tooMany = Math.min(next, most + 1); tooMany - carried > Math.max(1, carried / 16); ) {
    const middle = Math.floor((carried + tooMany) / 2);
    if (await carries(middle)) carried = middle;
    else tooMany = middle;
  }
  return { carried, probes };
}

async function probe({ load, pinned }: Rig, side: Side, size: Size & { readonly calls: number }): Promise<Probe> {
  const server = await Server.open(side, pinned);
  try {
    const heard = await listen(load, server, size);
    const delayMs = percentileOf(heard.delays, 0.99);
    const { delayMs: mostMs, whole: share } = size.limits;
    const missing = Math.max(0, heard.sent - heard.received - EDGE * size.calls);
    const whole = heard.open === size.calls && missing + heard.garbled <= (1 - share) * heard.sent;
    return {
      calls: size.calls,
      carried: whole && delayMs < mostMs,
      delayMs,
      utilization: heard.serverCpuMs / heard.wallMs,
    };
  } finally {
    await server.close();
  }
}
