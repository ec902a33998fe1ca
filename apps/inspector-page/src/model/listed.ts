import type { CallRow, InspectorView, ProcessView } from "@roomkit/inspector";
import { troublesOf } from "./troubles.ts";
import { waitOf } from "./words.ts";

export type Filter = "live" | "trouble" | "ended";

export interface ListedCall {
  readonly key: string;
  readonly process: ProcessView;
  readonly call: CallRow;
  readonly troubles: readonly string[];
}

export function keyOf(process: string, call: string): string {
  return JSON.stringify([process, call]);
}

/** The calls of all processes, newest first. */
export function allCalls({ processes, at }: InspectorView): ListedCall[] {
  return processes
    .flatMap((process) =>
      process.calls.map((call) => ({
        ...{ key: keyOf(process.id, call.id), process, call },
        troubles: troublesOf(call, at),
      })),
    )
    .sort((a, b) => (b.call.ended?.at ?? b.call.startedAt) - (a.call.ended?.at ?? a.call.startedAt));
}

/** Those to show: of one kind, and with these words somewhere in what they are called. */
export function listed(calls: readonly ListedCall[], filter: Filter, search: string): ListedCall[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return calls.filter(({ call, process, troubles }) => {
    if (filter === "ended" ? !call.ended : call.ended) return false;
    if (filter === "trouble" && troubles.length === 0) return false;
    const { who, room, id, channel, transport } = call;
    const named = [who, room, id, channel, transport, process.name, ...troubles].join(" ").toLowerCase();
    return words.every((word) => named.includes(word));
  });
}

/** The middle of the newest waits; undefined without any. */
export function medianWait(calls: readonly ListedCall[]): number | undefined {
  const waits = calls
    .flatMap(({ call }) => (call.lastTurn && !call.ended ? waitOf(call.lastTurn) : []))
    .sort((a, b) => a - b);
  return waits[Math.floor((waits.length - 1) / 2)];
}
