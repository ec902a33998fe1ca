import type { DeepgramClient } from "@deepgram/sdk";
import type { AudioFormat, SttOptions } from "@roomkit/core";
import type { DeepgramSttOptions, DeepgramTextOptions } from "./options.ts";

export type NovaArguments = Parameters<DeepgramClient["listen"]["v1"]["connect"]>[0];

const DEFAULT_MODEL = "nova-3";

/** The parameters that both ways of transcription take, flags as booleans. */
export interface TextQuery {
  readonly model: string;
  readonly language?: string;
  readonly version?: string;
  readonly keyterm?: string[];
  readonly keywords?: string[];
  readonly punctuate: boolean;
  readonly smart_format?: boolean;
  readonly numerals?: boolean;
  readonly dictation?: boolean;
  readonly profanity_filter?: boolean;
  readonly redact?: string | string[];
  readonly replace?: string[];
  readonly tag?: string[];
  readonly extra?: string[];
  readonly mip_opt_out?: boolean;
}

export function textQuery(
  options: DeepgramTextOptions,
  { language = options.language, keywords = [] }: Pick<SttOptions, "language" | "keywords">,
): TextQuery {
  const { model = DEFAULT_MODEL, version, redact, replace, tags, extra, mipOptOut } = options;
  const { keyterms = [], punctuate = true, smartFormat, numerals, dictation, profanityFilter } = options;
  const terms = [...new Set([...keyterms, ...keywords])].filter((term) => term.trim() !== "");
  return {
    model,
    punctuate,
    ...(language === undefined ? {} : { language }),
    ...(version === undefined ? {} : { version }),
    // Older models know the words under another name.
    ...(terms.length === 0 ? {} : /^nova-3($|-)/.test(model) ? { keyterm: terms } : { keywords: terms }),
    ...(smartFormat === undefined ? {} : { smart_format: smartFormat }),
    ...(numerals === undefined ? {} : { numerals }),
    ...(dictation === undefined ? {} : { dictation }),
    ...(profanityFilter === undefined ? {} : { profanity_filter: profanityFilter }),
    ...(redact === undefined ? {} : { redact: typeof redact === "string" ? redact : [...redact] }),
    ...(replace === undefined ? {} : { replace: pairs(replace) }),
    ...(tags === undefined ? {} : { tag: [...tags] }),
    ...(extra === undefined ? {} : { extra: pairs(extra) }),
    ...(mipOptOut === undefined ? {} : { mip_opt_out: mipOptOut }),
  };
}

/** The arguments of a live connection. Flags are strings here, and nothing is reconnected. */
export function liveQuery(
  options: DeepgramSttOptions,
  call: Pick<SttOptions, "language" | "keywords">,
  format: AudioFormat,
): NovaArguments {
  const { interimResults = true, endpointingMs = 300, utteranceEndMs = interimResults && 1_000, parameters } = options;
  const text = textQuery(options, call);
  return {
    ...withFlags({
      ...text,
      interim_results: interimResults,
      endpointing: endpointingMs,
      ...(utteranceEndMs === false ? {} : { utterance_end_ms: utteranceEndMs }),
    }),
    model: text.model,
    encoding: "linear16",
    sample_rate: format.sampleRate,
    channels: format.channels,
    reconnectAttempts: 0,
    shouldReconnect: () => false,
    ...(parameters === undefined ? {} : { queryParams: { ...parameters } }),
  } as NovaArguments;
}

/** The SDK's types (and the wire) have `'true'` and `'false'`. */
export function withFlags(query: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, typeof value === "boolean" ? String(value) : value]),
  );
}

function pairs(record: Readonly<Record<string, string>>): string[] {
  return Object.entries(record).map(([key, value]) => `${key}:${value}`);
}
