import type { IncomingMessage, ServerResponse } from "node:http";
import { tokenAuth } from "@roomkit/backend-ws";
import type { Logger, RoomKit, VoiceBackend } from "@roomkit/core";
import { type Inspector, inspector } from "@roomkit/inspector";
import { prometheusMetrics } from "@roomkit/metrics-prometheus";
import { logCalls, traceCalls } from "@roomkit/telemetry";
import { pino } from "pino";
import type { DemoConfig } from "./config.ts";

/** JSON in production; undefined: warnings and errors to the console, as they are. */
export function demoLogger({ production }: DemoConfig): Logger | undefined {
  return production ? pino({ base: null }) : undefined;
}

/**
 * Spans for whatever OpenTelemetry SDK the process was started with, one line of JSON for each call and turn in production, and metrics.
 *
 * @returns what answers `/metrics`, where that is served: true when a request was for it
 */
export function observe(
  kit: RoomKit,
  transports: readonly VoiceBackend[],
  config: DemoConfig,
  logger: Logger | undefined,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  traceCalls(kit);
  if (logger) logCalls(kit, logger);
  if (!config.metrics) return () => false;
  const metrics = prometheusMetrics(kit, { transports });
  return (request, response) => {
    if (request.url?.split("?", 1)[0] !== "/metrics") return false;
    metrics.handler(request, response);
    return true;
  };
}

/** The page on which calls are looked at, for whoever has the token; undefined where none is set. */
export function inspect(kit: RoomKit, config: DemoConfig, logger: Logger | undefined): Inspector | undefined {
  const { inspectToken } = config;
  return inspectToken === undefined ? undefined : inspector(kit, { auth: tokenAuth({ [inspectToken]: {} }), logger });
}
