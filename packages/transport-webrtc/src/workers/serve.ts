import type { Logger, OpusCodec, WebRTCEngine } from "@roomkit/core";
import { type AudioCodec, type LogFields, systemClock } from "@roomkit/core";
import { follow, toWire } from "@roomkit/worker-pool";
import { LocalMediaHost } from "../host/local-host.ts";
import type { MediaStats } from "../host/media-host.ts";
import type { FromWorker, ToWorker, WorkerParts } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { ServedCall } from "./served-call.ts";

/** The worker's end of the line to the main thread. */
export interface WorkerPort {
  postMessage(messages: readonly FromWorker[]): void;
  on(event: "message", listener: (messages: readonly ToWorker[]) => void): unknown;
  close(): void;
}

const REPORT_EVERY_MS = 250;

/** The body of a media worker: makes its engine and coders, then serves calls until it is told to stop. */
export async function serveMedia(port: WorkerPort, parts: WorkerParts): Promise<void> {
  const outbox = new Outbox<FromWorker>((messages) => port.postMessage(messages));
  const calls = new Map<number, ServedCall>();
  const waiting: ToWorker[] = [];
  let host: LocalMediaHost | undefined;

  const handle = (message: ToWorker, to: LocalMediaHost): void => {
    if (message.type === "ping") outbox.put({ type: "pong" });
    else if (message.type === "stop") void to.close().then(() => finish());
    else if (message.type === "open") {
      const { call: number, request } = message;
      const onEnd = (): void => void calls.delete(number);
      const put = (told: FromWorker): void => outbox.put(told);
      calls.set(number, new ServedCall({ number, request, host: to, clock: systemClock, put, onEnd }));
    } else calls.get(message.call)?.handle(message);
  };
  const finish = (): void => {
    outbox.flush();
    stopReports();
    port.close();
  };

  port.on("message", (messages) => {
    for (const message of messages) host ? handle(message, host) : waiting.push(message);
  });
  let quiet = true;
  const report = (): void => {
    // Nothing to tell, and nothing was to tell the last time.
    if (quiet && calls.size === 0) return;
    quiet = calls.size === 0;
    const stats: [number, MediaStats][] = [];
    for (const [number, call] of calls) if (call.stats) stats.push([number, call.stats]);
    outbox.put({ type: "report", load: host?.load[0] ?? { lagMs: 0, utilization: 0 }, stats });
  };
  const timer = setInterval(report, REPORT_EVERY_MS);
  const stopReports = (): void => clearInterval(timer);
  try {
    host = await openHost(parts, portLogger(outbox));
  } catch (thrown) {
    outbox.put({ type: "failed", error: toWire(thrown, "media_lost") });
    finish();
    return;
  }
  outbox.put({ type: "ready" });
  for (const message of waiting.splice(0)) handle(message, host);
}

async function openHost(parts: WorkerParts, logger: Logger): Promise<LocalMediaHost> {
  const { inputSampleRate } = parts;
  const host = new LocalMediaHost({
    engine: await follow<WebRTCEngine>(parts.engine, { logger }),
    opus: await follow<OpusCodec>(parts.opus),
    mulaw: parts.mulaw && (await follow<AudioCodec>(parts.mulaw)),
    inputSampleRate,
    // The main thread chooses whom to give a call.
    busy: { lagMs: Number.POSITIVE_INFINITY, utilization: 1 },
    clock: systemClock,
    logger,
  });
  await host.warmUp();
  return host;
}

/** Logs where the application does. */
function portLogger(outbox: Outbox<FromWorker>): Logger {
  const line =
    (level: keyof Logger) =>
    (fields: LogFields, message: string): void =>
      outbox.put({ type: "log", level, fields: cloneable(fields), message });
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

/** Fields without what no other thread can be given: functions, and errors of classes it does not know. */
function cloneable(fields: LogFields): LogFields {
  const plain = (value: unknown): unknown => {
    if (value instanceof Error) return { ...toWire(value, value.name), stack: value.stack };
    try {
      return structuredClone(value);
    } catch {
      return String(value);
    }
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]));
}
