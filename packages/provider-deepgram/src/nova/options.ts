import { type DeepgramLiveOptions, refuse } from "../connection/options.ts";

/** How text is written. The same for live and prerecorded speech. */
export interface DeepgramTextOptions {
  /** Default `nova-3`. */
  readonly model?: string | undefined;
  /** BCP 47 tag where the call names none, or `multi` for several in one speech. Default: the vendor's, English. */
  readonly language?: string | undefined;
  /** A version of the model. Default `latest`. */
  readonly version?: string | undefined;
  /** Words to expect in every call; those of the call are added. */
  readonly keyterms?: readonly string[] | undefined;
  /** Punctuation and capitals. Default true. */
  readonly punctuate?: boolean | undefined;
  /** Dates, amounts and the like as they are written; finals may come later for it. Default false. */
  readonly smartFormat?: boolean | undefined;
  /** `nine hundred` becomes `900`. Default false. */
  readonly numerals?: boolean | undefined;
  /** `comma` becomes `,`. Default false. */
  readonly dictation?: boolean | undefined;
  /** Default false. */
  readonly profanityFilter?: boolean | undefined;
  /** Kinds of information to leave out: `pci`, `numbers`, `ssn`. */
  readonly redact?: string | readonly string[] | undefined;
  /** Words to write otherwise. */
  readonly replace?: Readonly<Record<string, string>> | undefined;
  /** Labels for the vendor's usage reports. */
  readonly tags?: readonly string[] | undefined;
  /** Key and value pairs that come back with the vendor's records. */
  readonly extra?: Readonly<Record<string, string>> | undefined;
  /** Keeps the audio out of the vendor's training. Changes the price. Default: the account's. */
  readonly mipOptOut?: boolean | undefined;
}

export interface DeepgramSttOptions extends DeepgramLiveOptions, DeepgramTextOptions {
  /** Guesses at what is being said; without them partials hold only what is settled. Default true. */
  readonly interimResults?: boolean | undefined;
  /** Silence after which a final comes, ms; false: only at the end of the audio and after `utteranceEndMs`. Default 300. */
  readonly endpointingMs?: number | false | undefined;
  /** Silence between words after which a final comes, even in noise, ms, 1,000 or more; false: never. Needs `interimResults`. Default 1,000. */
  readonly utteranceEndMs?: number | false | undefined;
}

/** @throws RoomKitError `invalid_option`. */
export function checkTextOptions({
  model = "-",
  language = "multi",
  tags = [],
  extra = {},
}: DeepgramTextOptions): void {
  if (model === "" || language === "") refuse("model and language must not be empty");
  if (model.startsWith("flux-")) refuse(`${model} is for deepgramFlux`);
  if (tags.includes("") || Object.keys(extra).some((key) => key === "" || key.includes(":")))
    refuse("tags and keys of extra must not be empty, keys without a colon");
}

/** @throws RoomKitError `invalid_option`. */
export function checkSttOptions(options: DeepgramSttOptions): void {
  checkTextOptions(options);
  const { interimResults = true, endpointingMs = 300, utteranceEndMs } = options;
  if (endpointingMs !== false && !(Number.isInteger(endpointingMs) && endpointingMs >= 0))
    refuse("endpointingMs must be a whole number >= 0, or false");
  if (typeof utteranceEndMs === "number" && !(Number.isInteger(utteranceEndMs) && utteranceEndMs >= 1_000))
    refuse("utteranceEndMs must be a whole number >= 1,000, or false");
  if (typeof utteranceEndMs === "number" && !interimResults) refuse("utteranceEndMs needs interimResults");
}
