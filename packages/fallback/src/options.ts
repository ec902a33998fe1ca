import { type Clock, type FallbackListening, type ProviderFallback, systemClock } from "@roomkit/core";
import { CircuitBreaker } from "./breaker.ts";

/** One provider gave way to the next. */
export type FallbackSwitch = ProviderFallback;

export interface FallbackOptions {
  /** Longest wait for the first answer of a provider before the next is tried, ms. Default 4,000. */
  readonly firstByteMs?: number | undefined;
  /** Failures in a row after which a provider is left out. Default 5. */
  readonly breakerFailures?: number | undefined;
  /** How long it is left out, ms. Default 60,000. */
  readonly breakerOpenMs?: number | undefined;
  /** Told of every switch, in whichever room. A room's own are told by its kit: `kit.on("provider_fallback", ...)`. */
  readonly onSwitch?: ((change: FallbackSwitch) => void) | undefined;
  readonly clock?: Clock | undefined;
}

export interface Candidate<P> {
  readonly provider: P;
  readonly breaker: CircuitBreaker;
}

export interface FallbackSettings {
  readonly firstByteMs: number;
  readonly onSwitch: (change: FallbackSwitch) => void;
  readonly clock: Clock;
}

export function settingsOf(options: FallbackOptions): FallbackSettings {
  return {
    firstByteMs: options.firstByteMs ?? 4_000,
    onSwitch: options.onSwitch ?? (() => {}),
    clock: options.clock ?? systemClock,
  };
}

/** The settings for one call, whose caller wants to know of switches too. A listener that throws keeps nobody from going over. */
export function settingsFor(settings: FallbackSettings, { onFallback }: FallbackListening): FallbackSettings {
  return {
    ...settings,
    onSwitch(change) {
      for (const listener of [settings.onSwitch, onFallback]) {
        try {
          const told: unknown = listener?.(change);
          if (told instanceof Promise) told.catch(() => {});
        } catch {
          // Its own trouble.
        }
      }
    },
  };
}

export function candidatesOf<P>(providers: readonly P[], options: FallbackOptions): Candidate<P>[] {
  const { breakerFailures = 5, breakerOpenMs = 60_000, clock = systemClock } = options;
  return providers.map((provider) => ({
    provider,
    breaker: new CircuitBreaker({ failures: breakerFailures, openMs: breakerOpenMs, clock }),
  }));
}
