import { serve } from "../measure/child.ts";
import { type CpuMeter, cpuMeter, residentMb } from "../measure/cpu.ts";
import { type Kind, openStore } from "../stores/open.ts";
import { write } from "../stores/writers.ts";
import { bareServer, type EchoServer, roomkitServer } from "./servers.ts";

export type ServerRequest =
  | {
      readonly type: "open";
      readonly side: "ours" | "bare";
      readonly calls: number;
      /** Events are committed to it as fast as it takes them: its kind, and where it is. */
      readonly store?: string | undefined;
    }
  /** How many were. */
  | { readonly type: "events" }
  /** Processor time counts from here. */
  | { readonly type: "begin" }
  /** @see Cost */
  | { readonly type: "read" }
  /** With `--expose-gc`: collects first. */
  | { readonly type: "memory" };

/** What it answers; each request with what it asks for. */
export interface ServerAnswer {
  readonly url?: string;
  readonly cpuMs?: number;
  readonly wallMs?: number;
  readonly residentMb?: number;
  readonly heapMb?: number;
  readonly events?: number;
}

/** Rooms that are written to at once. */
const WRITERS = 16;

let server: EchoServer | undefined;
let meter: CpuMeter = cpuMeter();
let events = 0;

serve(async (request: ServerRequest): Promise<ServerAnswer> => {
  switch (request.type) {
    case "open":
      server ??= await (request.side === "ours" ? roomkitServer(request.calls) : bareServer());
      if (request.store !== undefined) await saturate(request.store);
      return { url: server.url };
    case "events":
      return { events };
    case "begin":
      meter = cpuMeter();
      return {};
    case "read":
      return { cpuMs: meter.cpuMs(), wallMs: meter.wallMs(), residentMb: residentMb() };
    case "memory":
      // What one pass finds to be finished the next one frees.
      for (let pass = 0; pass < 3; pass++) {
        globalThis.gc?.();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return { residentMb: residentMb(), heapMb: process.memoryUsage().heapUsed / 2 ** 20 };
  }
});

async function saturate(place: string): Promise<void> {
  const [kind = "", at = ""] = place.split(" ");
  const store = await openStore(kind as Kind, at);
  const counted = (): boolean => {
    events++;
    return false;
  };
  for (let i = 0; i < WRITERS; i++) void write(store, counted);
}
