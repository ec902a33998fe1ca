import { decodeBase64Bytes, encodedBytes } from "../base64-bytes.ts";
import { defaultLimits, type MessageLimits } from "../limits.ts";
import type { ClientMediaMessage } from "../messages/client.ts";

/** The message as browsers write it, and telephone providers, cut where it varies. */
const MEDIA = ascii('{"event":"media",');
const SEQUENCE = ascii('"sequenceNumber":"');
const INNER = ascii('"media":{');
const PAYLOAD = ascii('"payload":"');
const STREAM = ascii(',"streamSid":"');
/** What providers put before the payload, and nobody reads. */
const UNREAD = ['"track":"', '"chunk":"', '"timestamp":"'].map(ascii);

const QUOTE = 0x22;
const COMMA = 0x2c;
const CLOSE = 0x7d;
const MOST_DIGITS = 15;

/** A whole number of groups, more than 20 ms at any rate; what is longer is for the parser of all messages. */
const scratch = new Uint8Array(16_383);

/**
 * Reads a media message from the bytes of a text message, where it is written as nearly all of them are: no white space, keys in their
 * usual order, nothing escaped. Undefined for everything else, good or bad: `parseClientMessage` decides, and for what is read here it
 * would give the same.
 *
 * `audio` is only valid until the next call.
 */
export function parseMediaBytes(
  bytes: Uint8Array,
  limits: MessageLimits = defaultLimits,
): ClientMediaMessage | undefined {
  if (bytes.length > limits.maxMessageBytes || limits.maxDepth < 2 || !has(bytes, 0, MEDIA)) return undefined;
  let at = MEDIA.length;
  let sequenceNumber: number | undefined;
  if (has(bytes, at, SEQUENCE)) {
    at += SEQUENCE.length;
    const end = endOfDigits(bytes, at);
    if (end === at || bytes[end] !== QUOTE || bytes[end + 1] !== COMMA) return undefined;
    sequenceNumber = numberAt(bytes, at, end);
    at = end + 2;
  }
  if (!has(bytes, at, INNER)) return undefined;
  at += INNER.length;
  for (const key of UNREAD) {
    if (!has(bytes, at, key)) continue;
    const end = endOfWord(bytes, at + key.length);
    if (bytes[end] !== QUOTE || bytes[end + 1] !== COMMA) return undefined;
    at = end + 2;
  }
  if (!has(bytes, at, PAYLOAD)) return undefined;
  at += PAYLOAD.length;
  const quote = bytes.indexOf(QUOTE, at);
  if (quote < 0 || bytes[quote + 1] !== CLOSE || !endsAt(bytes, quote + 2)) return undefined;
  if (encodedBytes(scratch.length) < quote - at) return undefined;
  const length = decodeBase64Bytes(bytes, at, quote, scratch);
  if (length < 0) return undefined;
  const audio = scratch.subarray(0, length);
  return sequenceNumber === undefined ? { event: "media", audio } : { event: "media", audio, sequenceNumber };
}

/** Whether the message ends here, with or without a provider's name of its stream. */
function endsAt(bytes: Uint8Array, from: number): boolean {
  let at = from;
  if (has(bytes, at, STREAM)) {
    at = endOfWord(bytes, at + STREAM.length);
    if (bytes[at++] !== QUOTE) return false;
  }
  return bytes[at] === CLOSE && at === bytes.length - 1;
}

function has(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

function endOfDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at - from <= MOST_DIGITS && isDigit(bytes[at])) at++;
  return at - from > MOST_DIGITS ? from : at;
}

/** Letters, digits, `_` and `-`: what needs no escape and is one byte each. */
function endOfWord(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isWord(bytes[at])) at++;
  return at;
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= 0x30 && code <= 0x39;
}

function isWord(code: number | undefined): boolean {
  if (code === undefined) return false;
  const letter = code | 0x20;
  return isDigit(code) || code === 0x5f || code === 0x2d || (letter >= 0x61 && letter <= 0x7a);
}

function numberAt(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + (bytes[at] as number) - 0x30;
  return value;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
