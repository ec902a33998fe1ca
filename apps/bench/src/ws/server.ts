import { serve } from "../measure/child.ts";
import { type CpuMeter, cpuMeter, residentMb } from "../measure/cpu.ts";
import { bareServer, type EchoServer, roomkitServer } from "./servers.ts";

export type ServerRequest =
  | { readonly type: "open"; readonly side: "ours" | "bare"; readonly calls: number }
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
}

let server: EchoServer | undefined;
let meter: CpuMeter = cpuMeter();

serve(async (request: ServerRequest): Promise<ServerAnswer> => {
  switch (request.type) {
    case "open":
      server ??= await (request.side === "ours" ? roomkitServer(request.calls) : bareServer());
      return { url: server.url };
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
