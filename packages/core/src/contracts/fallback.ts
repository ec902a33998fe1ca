import type { RoomKitError } from "../errors/error.ts";

/** One provider gave way to another that stands in for it. */
export interface ProviderFallback {
  /** The names of the two. */
  readonly from: string;
  readonly to: string;
  readonly error: RoomKitError;
}

/** What every call of a recogniser, a model or a voice may carry. */
export interface FallbackListening {
  /** Told by a provider made of several when one of them gives way. Must not throw. Default: nobody is told. */
  readonly onFallback?: ((change: ProviderFallback) => void) | undefined;
}
