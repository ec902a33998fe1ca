import { checkLiveOptions, type DeepgramLiveOptions, refuse } from "../connection/options.ts";

export interface DeepgramFluxOptions extends DeepgramLiveOptions {
  /** `flux-general-en`, or `flux-general-multi` for several languages. Default `flux-general-en`. */
  readonly model?: string | undefined;
  /** Languages to expect (`de`), the most likely first; only for the multilingual model. The call's language comes before them. */
  readonly languageHints?: readonly string[] | undefined;
  /** How sure it must be of the end of a turn, 0.5 to 1. Default 0.7, the vendor's. */
  readonly endOfTurnThreshold?: number | undefined;
  /** How sure it must be to say so early, 0.3 to 0.9; then eager turn ends come, which may be taken back. Default: none. */
  readonly eagerThreshold?: number | undefined;
  /** Silence that ends a turn in any case, ms, 500 to 60,000. Default 5,000, the vendor's. */
  readonly endOfTurnTimeoutMs?: number | undefined;
  /** Words to expect in every call; those of the call are added. */
  readonly keyterms?: readonly string[] | undefined;
  /** `nine hundred` becomes `900`. Default false. */
  readonly numerals?: boolean | undefined;
  /** Default false. */
  readonly profanityFilter?: boolean | undefined;
  /** What to leave out of the text. Default: nothing. */
  readonly redact?: "numbers" | "aggressive_numbers" | undefined;
  /** Labels for the vendor's usage reports. */
  readonly tags?: readonly string[] | undefined;
  /** Keeps the audio out of the vendor's training. Changes the price. Default: the account's. */
  readonly mipOptOut?: boolean | undefined;
}

export const MULTILINGUAL = "flux-general-multi";

/** @throws RoomKitError `invalid_option`. */
export function checkFluxOptions(options: DeepgramFluxOptions): void {
  checkLiveOptions(options);
  const { model = "flux-", languageHints = [], tags = [] } = options;
  if (!model.startsWith("flux-")) refuse("the model must be one of flux-*; others are for deepgramStt");
  if (languageHints.length > 0 && model !== MULTILINGUAL) refuse(`languageHints are for ${MULTILINGUAL}`);
  if (languageHints.some((tag) => !/^[a-z]{2,3}$/.test(tag))) refuse("languageHints must be codes such as `de`");
  if (tags.includes("")) refuse("tags must not be empty");
  within("endOfTurnThreshold", options.endOfTurnThreshold, 0.5, 1);
  within("eagerThreshold", options.eagerThreshold, 0.3, 0.9);
  within("endOfTurnTimeoutMs", options.endOfTurnTimeoutMs, 500, 60_000);
  const { eagerThreshold = 0, endOfTurnThreshold = 0.7 } = options;
  if (eagerThreshold > endOfTurnThreshold) refuse("eagerThreshold must not be above endOfTurnThreshold");
}

function within(name: string, value: number | undefined, least: number, most: number): void {
  if (value !== undefined && !(value >= least && value <= most)) refuse(`${name} must be ${least} to ${most}`);
}
