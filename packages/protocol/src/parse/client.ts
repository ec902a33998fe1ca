import { decodeBase64 } from "../base64.ts";
import { defaultLimits, type MessageLimits } from "../limits.ts";
import type { ClientMessage, DtmfMessage, PhoneStart, StartMessage } from "../messages/client.ts";
import {
  booleanField,
  countField,
  defined,
  helloFields,
  idField,
  optionalId,
  optionalNumber,
  rangeField,
  stringField,
} from "./fields.ts";
import { asObject, copyJson, type Fields, parseObject } from "./json.ts";
import { attempt, Malformed, type ParseResult } from "./result.ts";

const UINT32 = 0xff_ff_ff_ff;
const MOST_PLAYED_MS = 5_000;

/**
 * Reads one text message of a client. Never throws, whatever it is given; copies only the fields it knows.
 * An `event` it does not know is the result code `unknown_event`, so that the caller can ignore and count it.
 */
export function parseClientMessage(text: string, limits: MessageLimits = defaultLimits): ParseResult<ClientMessage> {
  return attempt(() => {
    if (typeof text !== "string") throw new Malformed("bad_message", "a message is text");
    return readClientMessage(parseObject(text, limits), limits);
  });
}

function readClientMessage(fields: Fields, limits: MessageLimits): ClientMessage {
  const { event } = fields;
  switch (event) {
    case "media": {
      const media = asObject(fields.media, "media");
      const sequenceNumber = sequence(fields);
      const audio = payload(media, limits.maxMessageBytes);
      return sequenceNumber === undefined ? { event, audio } : { event, audio, sequenceNumber };
    }
    case "start":
      return readStart(fields);
    case "ping":
      return defined({ event, t: optionalNumber(fields, "t") });
    case "stop":
    case "interrupt":
    case "connected":
      return { event };
    case "playback":
      return defined({
        event,
        utterance: countField(fields, "utterance", UINT32),
        playedSamples: countField(fields, "playedSamples"),
        underruns: fields.underruns === undefined ? 0 : countField(fields, "underruns"),
        done: fields.done !== undefined && booleanField(fields, "done") ? (true as const) : undefined,
      });
    case "playout":
      return defined({
        event,
        ssrc: countField(fields, "ssrc", UINT32),
        rtpTimestamp: countField(fields, "rtpTimestamp", UINT32),
        playedMs: rangeField(fields, "playedMs", -MOST_PLAYED_MS, MOST_PLAYED_MS),
        cleared: fields.cleared === undefined ? undefined : countField(fields, "cleared", UINT32),
      });
    case "mute":
      return { event, muted: booleanField(fields, "muted") };
    case "text":
      return { event, text: stringField(fields, "text", limits.maxTextLength) };
    case "dtmf":
      return readDtmf(fields);
    case "data":
      return { event, name: idField(fields, "name"), payload: copyJson(fields.payload ?? null) };
    case "mark":
      return { event, name: stringField(asObject(fields.mark, "mark"), "name", 128) };
    default:
      if (typeof event === "string") throw new Malformed("unknown_event", "this event is not known");
      throw new Malformed("bad_message", "a message has an event");
  }
}

function readStart(fields: Fields): StartMessage {
  return defined<StartMessage>({
    event: "start",
    websocket_id: optionalId(fields, "websocket_id"),
    webrtc_id: optionalId(fields, "webrtc_id"),
    streamSid: optionalId(fields, "streamSid"),
    start: fields.streamSid === undefined ? undefined : phoneStart(fields.start),
    ...helloFields(fields),
  });
}

const MOST_PARAMETERS = 64;
const MOST_PARAMETER_LENGTH = 500;
const MOST_FACT_LENGTH = 256;

/** What a provider says of its call. Facts that are none, or too long, are left out: a call is not lost for that. */
function phoneStart(value: unknown): PhoneStart | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const fields = value as Fields;
  const fact = (name: string): string | undefined => {
    const text = fields[name];
    return typeof text === "string" && text !== "" && text.length <= MOST_FACT_LENGTH ? text : undefined;
  };
  const start = defined<PhoneStart>({
    accountSid: fact("accountSid"),
    callSid: fact("callSid"),
    from: fact("from"),
    to: fact("to"),
    customParameters: parameters(fields.customParameters),
  });
  return Object.keys(start).length === 0 ? undefined : start;
}

function parameters(value: unknown): Record<string, string> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const kept = Object.entries(value).filter(
    (entry): entry is [string, string] =>
      entry[0] !== "__proto__" &&
      typeof entry[1] === "string" &&
      entry[0].length + entry[1].length <= MOST_PARAMETER_LENGTH,
  );
  return kept.length === 0 ? undefined : Object.fromEntries(kept.slice(0, MOST_PARAMETERS));
}

/** v1 says `digit`; a telephone provider nests it in `dtmf`. */
function readDtmf(fields: Fields): DtmfMessage {
  const { digit } = fields.dtmf === undefined ? fields : asObject(fields.dtmf, "dtmf");
  if (typeof digit === "string" && /^[0-9A-D*#]$/.test(digit)) return { event: "dtmf", digit };
  throw new Malformed("bad_message", "digit is one of 0-9 A-D * #");
}

/** Telephone providers write the number as text. */
function sequence(fields: Fields): number | undefined {
  const value = fields.sequenceNumber;
  if (value === undefined) return undefined;
  if (typeof value === "string" && /^\d{1,15}$/.test(value)) return Number(value);
  return countField(fields, "sequenceNumber");
}

/** The decoded bytes of a media message of either side. */
export function payload(media: Fields, maxBytes: number): Uint8Array {
  const text = media.payload;
  if (typeof text !== "string") throw new Malformed("bad_message", "media.payload is text");
  const bytes = decodeBase64(text, maxBytes);
  if (bytes) return bytes;
  throw new Malformed("bad_audio", "media.payload is standard base64 with padding");
}
