import { defaultLimits, type MessageLimits } from "../limits.ts";
import type {
  CompatServerMessage,
  MetricsMessage,
  ReadyMessage,
  TranscriptMessage,
  V1ServerMessage,
} from "../messages/server.ts";
import {
  audioSpecs,
  booleanField,
  countField,
  defined,
  idField,
  numberField,
  oneOf,
  optionalNumber,
  optionalString,
  stringField,
} from "./fields.ts";
import { asObject, copyJson, type Fields, parseObject } from "./json.ts";
import { attempt, Malformed, type ParseResult } from "./result.ts";

const UINT32 = 0xff_ff_ff_ff;
export const roles = ["user", "assistant"] as const;

/** A refusal, in both dialects. */
export type FailedMessage = Extract<CompatServerMessage, { readonly status: "failed" }>;

/**
 * Reads one text message of a server that speaks v1, for clients that speak nothing else: what is compat's alone is
 * `unknown_event`. Never throws; copies only the fields it knows.
 */
export function parseV1ServerMessage(
  text: string,
  limits: MessageLimits = defaultLimits,
): ParseResult<V1ServerMessage | FailedMessage> {
  return attempt(() => readV1(readFields(text, limits), limits));
}

export function readFields(text: string, limits: MessageLimits): Fields {
  if (typeof text !== "string") throw new Malformed("bad_message", "a message is text");
  return parseObject(text, limits);
}

export function readV1(fields: Fields, limits: MessageLimits): V1ServerMessage | FailedMessage {
  if (fields.event === "ready") return readReady(fields);
  if (fields.event === undefined && fields.type !== undefined) return readTyped(fields, limits);
  if (fields.event === undefined && fields.status === "failed") return readFailed(fields);
  throw new Malformed("unknown_event", "a message has a known event, type or status");
}

function readTyped(fields: Fields, limits: MessageLimits): V1ServerMessage {
  const { type } = fields;
  const max = limits.maxMessageBytes;
  switch (type) {
    case "state":
      return {
        type,
        state: oneOf(fields, "state", ["listening", "thinking", "speaking"]),
        since: numberField(fields, "since"),
      };
    case "transcript":
      return readTranscript(fields, max);
    case "clear":
      return { type, utterance: countField(fields, "utterance", UINT32) };
    case "utterance":
      return defined({
        type,
        id: countField(fields, "id", UINT32),
        phase: oneOf(fields, "phase", ["start", "end"]),
        text: optionalString(fields, "text", max),
      });
    case "interrupted":
      return {
        type,
        utterance: countField(fields, "utterance", UINT32),
        heard: stringField(fields, "heard", max),
        unheard: stringField(fields, "unheard", max),
      };
    case "dismissed":
      return { type, cause: stringField(fields, "cause", 64), resumed: booleanField(fields, "resumed") };
    case "metrics":
      return readMetrics(fields);
    case "level":
      return { type, direction: oneOf(fields, "direction", ["inbound", "outbound"]), db: numberField(fields, "db") };
    case "error":
      return {
        type,
        code: stringField(fields, "code", 128),
        message: stringField(fields, "message", max),
        retryable: booleanField(fields, "retryable"),
      };
    case "pong":
      return defined({ type, t: optionalNumber(fields, "t") });
    case "bye":
      return defined({
        type,
        reason: stringField(fields, "reason", 128),
        resumable: booleanField(fields, "resumable"),
        code: optionalNumber(fields, "code"),
      });
    case "data":
      return { type, name: idField(fields, "name"), payload: copyJson(fields.payload ?? null) };
    default:
      throw new Malformed("unknown_event", "this type is not known");
  }
}

function readTranscript(fields: Fields, maxLength: number): TranscriptMessage {
  return defined<TranscriptMessage>({
    type: "transcript",
    id: stringField(fields, "id", 256),
    role: oneOf(fields, "role", roles),
    text: stringField(fields, "text", maxLength),
    final: booleanField(fields, "final"),
    revision: countField(fields, "revision"),
    heard: optionalString(fields, "heard", maxLength),
    speaker: optionalString(fields, "speaker", 256),
  });
}

function readReady(fields: Fields): ReadyMessage {
  if (fields.protocol !== 1) throw new Malformed("bad_message", "protocol is 1");
  const limits = asObject(fields.limits, "limits");
  return {
    event: "ready",
    protocol: 1,
    session: stringField(fields, "session", 256),
    resume: stringField(fields, "resume", 256),
    resumed: booleanField(fields, "resumed"),
    audio: audioSpecs(fields.audio),
    limits: {
      maxMessageBytes: countField(limits, "maxMessageBytes"),
      messagesPerSecond: numberField(limits, "messagesPerSecond"),
      idleMs: numberField(limits, "idleMs"),
      resumeMs: numberField(limits, "resumeMs"),
    },
  };
}

function readMetrics(fields: Fields): MetricsMessage {
  const turn = asObject(fields.turn, "turn");
  return {
    type: "metrics",
    turn: defined<MetricsMessage["turn"]>({
      turnId: stringField(turn, "turnId", 256),
      endpointMs: optionalNumber(turn, "endpointMs"),
      transcriptMs: optionalNumber(turn, "transcriptMs"),
      hooksMs: optionalNumber(turn, "hooksMs"),
      decidedMs: optionalNumber(turn, "decidedMs"),
      decidedBy: optionalString(turn, "decidedBy"),
      preparedMs: optionalNumber(turn, "preparedMs"),
      preparedSpeechMs: optionalNumber(turn, "preparedSpeechMs"),
      firstTokenMs: optionalNumber(turn, "firstTokenMs"),
      firstAudioMs: optionalNumber(turn, "firstAudioMs"),
      replyMs: optionalNumber(turn, "replyMs"),
      speechMs: optionalNumber(turn, "speechMs"),
      interrupted: booleanField(turn, "interrupted"),
    }),
  };
}

function readFailed(fields: Fields): FailedMessage {
  const meta = copyJson(asObject(fields.meta, "meta")) as Record<string, unknown>;
  return { status: "failed", meta: { ...meta, error: stringField(meta, "error", 256) } };
}
