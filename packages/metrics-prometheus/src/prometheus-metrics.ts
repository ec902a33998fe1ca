import type { IncomingMessage, ServerResponse } from "node:http";
import { assertOptions, type Clock, type RoomKit, RoomKitError, systemClock } from "@roomkit/core";
import { register as defaultRegister, type Registry } from "prom-client";
import { watchKit } from "./calls.ts";
import { watchLoop } from "./loop.ts";
import { checkPrefix } from "./prefix.ts";
import { type WatchedTransport, watchTransports } from "./transports.ts";

export interface PrometheusOptions {
  /** For refusals and pacing. Default: none. */
  readonly transports?: readonly WatchedTransport[] | undefined;
  /** Default: prom-client's own. */
  readonly register?: Registry | undefined;
  /** What the names of all metrics begin with. Default `roomkit_`. */
  readonly prefix?: string | undefined;
  readonly clock?: Clock | undefined;
}

export interface PrometheusMetrics {
  readonly register: Registry;
  /** Answers a request for the metrics, whatever its path. Never throws. */
  handler(request: IncomingMessage, response: ServerResponse): void;
  /** Counts no more. What was counted stays in the register. */
  stop(): void;
}

/**
 * Counts a kit's calls for Prometheus, from outside: nothing of it runs for a frame of audio.
 *
 * @throws RoomKitError `invalid_option`, also when the register has metrics of these names already.
 */
export function prometheusMetrics(kit: RoomKit, options: PrometheusOptions = {}): PrometheusMetrics {
  assertOptions("prometheusMetrics", options, {
    string: ["prefix"],
    object: ["register", "clock"],
    objects: ["transports"],
  });
  const { transports = [], register = defaultRegister, prefix = "roomkit_", clock = systemClock } = options;
  checkPrefix("prometheusMetrics", prefix);
  if (register.getSingleMetric(`${prefix}calls`))
    throw new RoomKitError(
      "invalid_option",
      `prometheusMetrics: the register has metrics with the prefix ${prefix} already`,
    );
  const stop = watchKit(kit, () => clock.now(), register, prefix);
  watchTransports(transports, register, prefix);
  watchLoop(register, prefix);
  return {
    register,
    stop,
    handler: (request, response) => void answer(register, request, response),
  };
}

async function answer(register: Registry, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method } = request;
  if (method !== "GET" && method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  try {
    const text = await register.metrics();
    response.writeHead(200, { "content-type": register.contentType, "cache-control": "no-store" });
    response.end(method === "HEAD" ? undefined : text);
  } catch {
    // A metric of the application's own that cannot be read: whoever scrapes is told that there is nothing.
    if (!response.headersSent) response.writeHead(500, { "content-type": "text/plain" });
    response.end();
  }
}
