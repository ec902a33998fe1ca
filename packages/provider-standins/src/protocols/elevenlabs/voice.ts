import type { StandInRequest } from "../../server/route-base.ts";
import { audioOfText, MS_PER_CHARACTER } from "../speech-audio.ts";

/** Odd, so that every second chunk ends in the middle of a sample. */
const CHUNK_BYTES = 1_961;

/** What all ways of speaking have in common to refuse. */
export function voiceProblem({ url, headers }: StandInRequest, known: readonly string[]): string | undefined {
  if (!headers["xi-api-key"]) return "no key";
  for (const name of url.searchParams.keys()) if (!known.includes(name)) return `there is no parameter ${name}`;
  const format = url.searchParams.get("output_format") ?? "";
  if (!/^pcm_\d+$/.test(format)) return "only pcm_* is stood in for";
  const language = url.searchParams.get("language_code");
  return language === null || /^[a-z]{2}$/.test(language) ? undefined : `language_code ${language} is not ISO 639-1`;
}

export function rateOf({ url }: StandInRequest): number {
  return Number(url.searchParams.get("output_format")?.slice("pcm_".length));
}

/** The body of a refusal. */
export function elevenlabsErrorBody(status: number): unknown {
  const codes: Readonly<Record<number, string>> = { 401: "invalid_api_key", 429: "too_many_concurrent_requests" };
  return { detail: { status: codes[status] ?? "error", message: `refused with ${status} (made up)` } };
}

/** Bytes of a text that is spoken, in chunks that are no whole samples. */
export function* chunksOf(text: string, rate: number): Generator<Uint8Array, void, undefined> {
  const { buffer } = audioOfText(text, rate);
  for (let at = 0; at < buffer.byteLength; at += CHUNK_BYTES) {
    yield new Uint8Array(buffer, at, Math.min(CHUNK_BYTES, buffer.byteLength - at));
  }
}

/** The messages of a text that is spoken: audio, and which characters begin in it, in ms since the beginning of the message's audio. */
export function* spokenMessages(text: string, rate: number, aligned: boolean): Generator<object, void, undefined> {
  let fromMs = 0;
  for (const bytes of chunksOf(text, rate)) {
    const toMs = fromMs + (bytes.length / 2 / rate) * 1000;
    const first = Math.ceil(fromMs / MS_PER_CHARACTER);
    const chars = [...text.slice(first, Math.max(first, Math.ceil(toMs / MS_PER_CHARACTER)))];
    const begin = fromMs;
    const alignment = {
      chars,
      charStartTimesMs: chars.map((_, i) => Math.round((first + i) * MS_PER_CHARACTER - begin)),
      charDurationsMs: chars.map(() => MS_PER_CHARACTER),
    };
    yield {
      audio: Buffer.from(bytes).toString("base64"),
      isFinal: null,
      alignment: aligned && chars.length > 0 ? alignment : null,
      normalizedAlignment: null,
    };
    fromMs = toMs;
  }
}
