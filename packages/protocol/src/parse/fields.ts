import { type AudioSpec, type AudioSpecs, audioSampleRates } from "../messages/audio.ts";
import type { StartMessage } from "../messages/client.ts";
import { asObject, type Fields } from "./json.ts";
import { Malformed } from "./result.ts";

const ID = /^[A-Za-z0-9_-]{1,128}$/;
const OPTIONAL_TEXT_LENGTH = 128;

function malformed(name: string, rule: string): Malformed {
  return new Malformed("bad_message", `${name} ${rule}`);
}

/** True for what may name a connection, a session or an application message. */
export function isId(value: unknown): value is string {
  return typeof value === "string" && ID.test(value) && value !== "__proto__";
}

export function idField(fields: Fields, name: string): string {
  const value = fields[name];
  if (isId(value)) return value;
  throw new Malformed("bad_id", `${name} is 1 to 128 characters of A-Z a-z 0-9 _ -`);
}

export function optionalId(fields: Fields, name: string): string | undefined {
  return fields[name] === undefined ? undefined : idField(fields, name);
}

export function stringField(fields: Fields, name: string, maxLength: number): string {
  const value = fields[name];
  if (typeof value === "string" && value.length <= maxLength) return value;
  throw malformed(name, `is text of at most ${maxLength} characters`);
}

export function optionalString(
  fields: Fields,
  name: string,
  maxLength: number = OPTIONAL_TEXT_LENGTH,
): string | undefined {
  return fields[name] === undefined ? undefined : stringField(fields, name, maxLength);
}

export function booleanField(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value === "boolean") return value;
  throw malformed(name, "is true or false");
}

export function numberField(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw malformed(name, "is a number");
}

export function rangeField(fields: Fields, name: string, min: number, max: number): number {
  const value = numberField(fields, name);
  if (value >= min && value <= max) return value;
  throw malformed(name, `is ${min} to ${max}`);
}

export function optionalNumber(fields: Fields, name: string): number | undefined {
  return fields[name] === undefined ? undefined : numberField(fields, name);
}

export function countField(fields: Fields, name: string, max: number = Number.MAX_SAFE_INTEGER): number {
  const value = fields[name];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw malformed(name, "is a whole number that is not negative");
}

export function oneOf<const Choice extends string>(fields: Fields, name: string, choices: readonly Choice[]): Choice {
  const value = fields[name];
  if (choices.includes(value as Choice)) return value as Choice;
  throw malformed(name, `is one of ${choices.join(", ")}`);
}

/** One direction of audio: of `allowedRates`, or of any rate from 8,000 to 192,000 Hz. */
function audioSpec(value: unknown, allowedRates?: readonly number[]): AudioSpec {
  const fields = asObject(value, "audio");
  const sampleRate = countField(fields, "sampleRate", 192_000);
  if (allowedRates ? !allowedRates.includes(sampleRate) : sampleRate < 8_000) {
    throw malformed("sampleRate", `is ${allowedRates?.join(", ") ?? "8000 to 192000"}`);
  }
  return { codec: oneOf(fields, "codec", ["pcm16", "mulaw"]), sampleRate };
}

export function audioSpecs(value: unknown): AudioSpecs {
  const fields = asObject(value, "audio");
  return { send: audioSpec(fields.send), receive: audioSpec(fields.receive) };
}

/** What `start` and a WebRTC offer have in common: the protocol asked for, and what v1 asks with it. */
export function helloFields(fields: Fields): Pick<StartMessage, "protocol" | "audio" | "resume" | "client"> {
  const { protocol } = fields;
  if (protocol !== undefined && protocol !== 1) throw malformed("protocol", "is 1 or left out");
  const audio = fields.audio === undefined ? undefined : asObject(fields.audio, "audio");
  const client = fields.client === undefined ? undefined : asObject(fields.client, "client");
  return defined<Pick<StartMessage, "protocol" | "audio" | "resume" | "client">>({
    protocol,
    audio:
      audio &&
      defined<NonNullable<StartMessage["audio"]>>({
        send: audio.send === undefined ? undefined : audioSpec(audio.send, audioSampleRates),
        receive: audio.receive === undefined ? undefined : audioSpec(audio.receive, audioSampleRates),
      }),
    // What a server whose sessions cannot be resumed gave as its token.
    resume: fields.resume === "" ? undefined : optionalId(fields, "resume"),
    client:
      client &&
      defined<NonNullable<StartMessage["client"]>>({
        name: optionalString(client, "name"),
        version: optionalString(client, "version"),
      }),
  });
}

/** Copies `source` without the fields that are undefined: an optional field is absent, never undefined. */
export function defined<T extends object>(source: { readonly [K in keyof T]: T[K] | undefined }): T {
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(source)) {
    if (value !== undefined) copy[key] = value;
  }
  return copy as T;
}
