import type { DeepgramClient } from "@deepgram/sdk";
import { type AudioFormat, defined, type SttOptions } from "@roomkit/core";
import type { DeepgramSttOptions, DeepgramTextOptions } from "./options.ts";

export type NovaArguments = Parameters<DeepgramClient["listen"]["v1"]["connect"]>[0];

const DEFAULT_MODEL = "nova-3";

/** The parameters that both ways of transcription take, flags as booleans. */
export interface TextQuery {
  readonly model: string;
  readonly language?: string | undefined;
  readonly version?: string | undefined;
  readonly keyterm?: string[] | undefined;
  readonly keywords?: string[] | undefined;
  readonly punctuate: boolean;
  readonly smart_format?: boolean | undefined;
  readonly numerals?: boolean | undefined;
  readonly dictation?: boolean | undefined;
  readonly profanity_filter?: boolean | undefined;
  readonly redact?: string | string[] | undefined;
  readonly replace?: string[] | undefined;
  readonly tag?: string[] | undefined;
  readonly extra?: string[] | undefined;
  readonly mip_opt_out?: boolean | undefined;
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
    language,
    version,
    // Older models know the words under another name.
    ...(terms.length === 0 ? {} : /^nova-3($|-)/.test(model) ? { keyterm: terms } : { keywords: terms }),
    smart_format: smartFormat,
    numerals,
    dictation,
    profanity_filter: profanityFilter,
    ...(redact === undefined ? {} : { redact: typeof redact === "string" ? redact : [...redact] }),
    replace: replace && pairs(replace),
    tag: tags && [...tags],
    extra: extra && pairs(extra),
    mip_opt_out: mipOptOut,
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
    queryParams: parameters && { ...parameters },
  } as NovaArguments;
}

/** The SDK's types (and the wire) have `'true'` and `'false'`. */
export function withFlags(query: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(defined(query)).map(([name, value]) => [name, typeof value === "boolean" ? String(value) : value]),
  );
}

function pairs(record: Readonly<Record<string, string>>): string[] {
  return Object.entries(record).map(([key, value]) => `${key}:${value}`);
}
