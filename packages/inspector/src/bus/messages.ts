import { z } from "zod";
import type { ActionResult, CallAction, CallDetail, CallRow } from "../calls/views.ts";

/** What processes tell each other of: each message says its version, and what a reader does not know it leaves alone. */
const VERSION = 1;

export interface ProcessName {
  readonly id: string;
  readonly name: string;
}

/** Somebody looks, at these calls closely. Said once a second. */
interface WatchMessage {
  readonly type: "watch";
  readonly viewer: string;
  readonly focus: readonly { readonly process: string; readonly call: string }[];
}

/** The calls of a process. `seq` grows. */
export interface SeenMessage {
  readonly type: "seen";
  readonly process: ProcessName;
  readonly seq: number;
  readonly calls: readonly CallRow[];
  readonly more: number;
}

/** One call that somebody looks at closely. */
export interface DetailMessage {
  readonly type: "detail";
  readonly process: ProcessName;
  readonly seq: number;
  readonly call: CallDetail;
}

/** A process has ended in order. */
interface GoneMessage {
  readonly type: "gone";
  readonly process: ProcessName;
}

export interface CommandMessage {
  readonly type: "command";
  readonly id: string;
  /** Who waits for the answer. */
  readonly from: string;
  readonly call: string;
  /** A newer version may know more of them. */
  readonly action: CallAction | (string & {});
}

interface AnswerMessage {
  readonly type: "answer";
  readonly id: string;
  readonly result: ActionResult;
}

export type BusMessage = WatchMessage | SeenMessage | DetailMessage | GoneMessage | CommandMessage | AnswerMessage;

/** A message of a version that is not known here, and whom it is from, where it says so. */
export interface NewerMessage {
  readonly type: "newer";
  readonly process?: ProcessName | undefined;
}

const text = z.string().max(512);
const count = z.number().min(0);
const time = z.number();
const processName: z.ZodType<ProcessName> = z.object({ id: text, name: text });
const stage = z.object({
  stage: z.enum(["endpoint", "stt", "hooks", "decide", "llm", "tts", "playout"]),
  startMs: time,
  endMs: time,
});
const times = { at: time, stages: z.array(stage).max(16), replyMs: time.optional(), interrupted: z.boolean() };
const error = z.object({ at: time, where: text, code: text });
const rowFields = {
  ...{ id: text, room: text, channel: text, who: text, transport: text, startedAt: time },
  providers: z.object({ stt: text.optional(), tts: text.optional(), realtime: text.optional() }),
  ended: z.object({ at: time, reason: text }).optional(),
  status: z
    .object({
      state: z.enum(["listening", "thinking", "speaking"]),
      ...{ microphoneOff: z.boolean(), muted: z.boolean(), outputMuted: z.boolean() },
    })
    .optional(),
  levels: z.object({ inbound: time.optional(), outbound: time.optional() }),
  quality: z
    .object({
      inbound: z.object({ received: count, lost: count, late: count, jitterMs: count, concealedMs: count }).optional(),
      ...{ underruns: count.optional(), droppedMs: count.optional(), queuedMs: count.optional() },
    })
    .optional(),
  echo: z.union([z.object({ couplingDb: time, delayMs: time }), z.literal(false)]).optional(),
  ...{ turns: count, interrupted: count, toolCalls: count, errors: count },
  lastTurn: z.object(times).optional(),
  lastError: error.optional(),
};
const row: z.ZodType<CallRow> = z.object(rowFields);
const roles = [
  ...(["dtmf", "aec", "echoGuard", "agc", "denoiser", "vad", "diarization", "recorder", "postprocessor"] as const),
  "tap" as const,
];
const detail: z.ZodType<CallDetail> = z.object({
  ...rowFields,
  stages: z.array(z.object({ role: z.enum(roles), name: text, state: z.enum(["on", "off", "native", "failed"]) })),
  turnList: z
    .array(
      z.object({
        ...times,
        ...{ id: text, speechMs: time.optional(), decidedBy: text.optional(), said: text.optional() },
        tools: z.array(z.object({ name: text, ms: time, failed: z.boolean() })).max(32),
        heard: text.optional(),
      }),
    )
    .max(100),
  errorList: z.array(error).max(100),
});
const result: z.ZodType<ActionResult> = z.union([
  z.object({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), code: text }),
]);
const focus = z.object({ process: text, call: text });

const message: z.ZodType<BusMessage> = z.union([
  z.object({ type: z.literal("watch"), viewer: text, focus: z.array(focus).max(64) }),
  z.object({
    ...{ type: z.literal("seen"), process: processName, seq: count, more: count },
    calls: z.array(row).max(1_000),
  }),
  z.object({ type: z.literal("detail"), process: processName, seq: count, call: detail }),
  z.object({ type: z.literal("gone"), process: processName }),
  z.object({ type: z.literal("command"), id: text, from: text, call: text, action: text }),
  z.object({ type: z.literal("answer"), id: text, result }),
]);
const anyVersion = z.object({ v: z.int().min(1), process: processName.optional().catch(undefined) });

/** What came over the bus; undefined: nothing that can be understood. */
export function parseMessage(data: unknown): BusMessage | NewerMessage | undefined {
  const head = anyVersion.safeParse(data);
  if (!head.success) return undefined;
  if (head.data.v !== VERSION) return { type: "newer", process: head.data.process };
  return message.safeParse(data).data;
}

/** As it goes over the bus. */
export function busMessage(told: BusMessage): object {
  return { v: VERSION, ...told };
}

/** What an operator's page asks for. */
export const actRequest: z.ZodType<{ readonly process: string; readonly call: string; readonly action: CallAction }> =
  z.object({
    ...{ process: text, call: text },
    action: z.enum(["end", "mute", "unmute", "mute_output", "unmute_output"]),
  });
