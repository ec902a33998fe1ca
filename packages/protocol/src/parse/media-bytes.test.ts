import { describe, expect, it } from "vitest";
import { encodeBase64 } from "../base64.ts";
import { encodedBytes, writeBase64 } from "../base64-bytes.ts";
import { defaultLimits, type MessageLimits } from "../limits.ts";
import { parseClientMessage } from "./client.ts";
import { parseMediaBytes } from "./media-bytes.ts";

const BROWSER = '{"event":"media","media":{"payload":"UUxHREVJT1x35d0="}}';
const PHONE =
  '{"event":"media","sequenceNumber":"4","media":{"track":"inbound","chunk":"2","timestamp":"5","payload":"UUxHREVJT1x35d0="},"streamSid":"MZ18ad3ab5"}';

const ROUNDS = 30_000;

/** Seeded numbers from 0 up to a bound. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Pieces that messages are made of, whole and broken. */
const PIECES = [
  ...[
    " ",
    "\t",
    "\n",
    "\u0000",
    "\u2028",
    "é",
    "😀",
    "\ufeff",
    "\\",
    "\\u0041",
    "\\/",
    '\\"',
    '"',
    "'",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
  ],
  ...[
    "=",
    "==",
    "A",
    "AA==",
    "AAA=",
    "AB==",
    "AAB=",
    "-_-_",
    "+/+/",
    "A===",
    "====",
    "AAAA",
    "0",
    "-1",
    "1e3",
    "null",
    "true",
  ],
  ...[
    '"event":"media"',
    '"event":"start"',
    '"event":"medias"',
    '"Event":"media"',
    '"event":null',
    '"media":{}',
    '"media":null',
  ],
  ...['"payload":"AAAA"', '"payload":5', '"payload":"","payload":"AAAA"', '"sequenceNumber":"7"', '"sequenceNumber":7'],
  ...[
    '"sequenceNumber":"0000000000000007"',
    '"sequenceNumber":"999999999999999"',
    '"sequenceNumber":"1000000000000000"',
  ],
  ...[
    '"sequenceNumber":""',
    '"sequenceNumber":"-1"',
    '"sequenceNumber":"1.5"',
    '"sequenceNumber":null',
    '"streamSid":"MZ1"',
  ],
  ...['"streamSid":5', '"track":"inbound"', '"track":"in\\"bound"', '"timestamp":"5"', '"timestamp":5', '"chunk":"2"'],
  ...['"__proto__":{"event":"media"}', '"media":{"payload":"AAAA"}', '{"event":"media","media":{"payload":"AAAA"}}'],
];

/** A message like those above, of any audio, changed in up to three places. */
function changed(next: (below: number) => number): string {
  const audio = Uint8Array.from({ length: next(4) === 0 ? next(400) : next(6) }, () => next(256));
  const from = next(2) === 0 ? BROWSER : PHONE;
  let text = from.replace("UUxHREVJT1x35d0=", () => encodeBase64(audio));
  if (next(4) === 0) text = text.replace('"4"', `"${"0123456789".slice(0, 1 + next(10)).repeat(1 + next(2))}"`);
  for (let change = next(4); change > 0; change--) {
    const at = next(text.length + 1);
    const piece = PIECES[next(PIECES.length)] as string;
    const kind = next(9);
    if (kind === 0) text = text.slice(0, at) + piece + text.slice(at);
    else if (kind === 1) text = text.slice(0, at) + piece + text.slice(at + 1);
    else if (kind === 2) text = text.slice(0, at);
    else if (kind === 3) text = text.slice(0, at) + text.slice(at + 1 + next(12));
    else if (kind === 4) text = text.replace(/[,{}]/, (found) => (found === "," ? `,${piece},` : found + piece));
    else if (kind === 5) text = text.replaceAll(":", next(2) === 0 ? ": " : " :");
    else if (kind === 6) text = reordered(text, next);
    else if (kind === 7)
      text = text.slice(0, at) + String.fromCharCode(next(next(4) === 0 ? 65_536 : 256)) + text.slice(at);
    else text = text.replace(/"(track|chunk|timestamp|payload|sequenceNumber)":"[^"]*",?/, "");
  }
  return text;
}

/** The same object with its keys in another order, where it is one. */
function reordered(text: string, next: (below: number) => number): string {
  try {
    const entries = Object.entries(JSON.parse(text) as object);
    for (let i = entries.length - 1; i > 0; i--) {
      const j = next(i + 1);
      [entries[i], entries[j]] = [entries[j] as [string, unknown], entries[i] as [string, unknown]];
    }
    return JSON.stringify(Object.fromEntries(entries));
  } catch {
    return text;
  }
}

const utf8 = new TextEncoder();
const LIMITS: readonly MessageLimits[] = [
  defaultLimits,
  { ...defaultLimits, maxMessageBytes: 60 },
  { ...defaultLimits, maxDepth: 1 },
  { ...defaultLimits, maxDepth: 2 },
];

describe("parseMediaBytes", () => {
  it.each([BROWSER, PHONE])("reads %s", (text) => {
    const read = parseMediaBytes(utf8.encode(text));
    expect(read).toBeDefined();
    expect({ ok: true, message: read }).toEqual(parseClientMessage(text));
  });

  it("reads what the parser of all messages reads, and nothing else, whatever is done to a message", () => {
    const next = numbers(20_261_130);
    const seen = { read: 0, left: 0, codes: new Set<string>() };
    for (let round = 0; round < ROUNDS; round++) {
      const text = changed(next);
      // What a socket gives is the text's bytes: half a surrogate pair is none.
      const bytes = utf8.encode(text);
      const limits = LIMITS[next(8)] ?? defaultLimits;
      const verdict = parseClientMessage(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), limits);
      const read = parseMediaBytes(bytes, limits);
      if (!verdict.ok) seen.codes.add(verdict.code);
      if (read === undefined) {
        seen.left++;
        continue;
      }
      seen.read++;
      const same =
        verdict.ok &&
        verdict.message.event === "media" &&
        JSON.stringify(verdict) === JSON.stringify({ ok: true, message: read });
      if (!same) expect({ text, verdict: { ok: true, message: read } }).toEqual({ text, verdict });
    }
    // Otherwise this would have compared nothing.
    expect(seen.read).toBeGreaterThan(ROUNDS / 8);
    expect(seen.left).toBeGreaterThan(ROUNDS / 8);
    expect([...seen.codes].sort()).toEqual(["bad_audio", "bad_message", "message_too_large", "unknown_event"]);
  });

  it("reads every length and every byte of audio, and no byte that is not base64", () => {
    for (let length = 0; length < 400; length++) {
      const audio = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255);
      const text = BROWSER.replace(/UUx.*=/, encodeBase64(audio));
      expect([...(parseMediaBytes(utf8.encode(text))?.audio ?? [])]).toEqual([...audio]);
    }
    for (let code = 0; code < 256; code++) {
      const bytes = utf8.encode(BROWSER);
      bytes[BROWSER.indexOf("UUx") + 1] = code;
      const verdict = parseClientMessage(Buffer.from(bytes).toString("latin1"));
      expect(parseMediaBytes(bytes) !== undefined, `byte ${code}`).toBe(verdict.ok);
    }
  });

  it("leaves what is longer than its memory to the parser of all messages", () => {
    const text = BROWSER.replace("UUxHREVJT1x35d0=", "AAAA".repeat(5_462));
    expect(parseMediaBytes(utf8.encode(text))).toBeUndefined();
    expect(parseClientMessage(text).ok).toBe(true);
    expect(parseMediaBytes(utf8.encode(text.replace("AAAA", "")))?.audio.length).toBe(16_383);
  });
});

describe("writeBase64", () => {
  it("writes what encodeBase64 gives, at its place", () => {
    for (let length = 0; length < 200; length++) {
      const audio = Uint8Array.from({ length }, (_, i) => (i * 101 + length * 7) & 255);
      const out = new Uint8Array(encodedBytes(length) + 4).fill(1);
      expect(writeBase64(audio, out, 2)).toBe(2 + encodedBytes(length));
      expect(String.fromCharCode(...out)).toBe(`\u0001\u0001${encodeBase64(audio)}\u0001\u0001`);
    }
  });
});
