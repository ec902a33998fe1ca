import type { OptionRanges } from "@roomkit/core";

/** The longest a timer can wait, ms: what is longer would end at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** The least and the most a time may be that must pass before something ends, ms. */
export const timeoutRange: readonly [number, number] = [1, MAX_TIMER_MS];

/** The same for a time of which 0 means: not at all. */
export const optionalTimeRange: readonly [number, number] = [0, MAX_TIMER_MS];

/**
 * What bounds one client's connection, by the same name on every transport. Each transport has defaults of its own, because what
 * they run over differs.
 */
export interface ConnectionLimits {
  /** How long it may take until a client is there, ms. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long the application has to make a session for a client that is there: its session factory, or who accepts it, ms. */
  readonly factoryTimeoutMs?: number | undefined;
  /** How long nothing at all may come from a client before it counts as gone, ms. */
  readonly idleTimeoutMs?: number | undefined;
  /** How long a session may last, ms; 0: as long as it likes. */
  readonly maxSessionMs?: number | undefined;
  /** How long after losing its client a v1 session can be resumed, ms; 0: not at all. */
  readonly resumeMs?: number | undefined;
  /** Most sessions that wait to be resumed; the longest-waiting ends first. */
  readonly maxSuspended?: number | undefined;
  /** Most outbound frames (of 20 ms) queued for one client; beyond it the oldest utterance is dropped, whole. */
  readonly audioQueueMaxSize?: number | undefined;
  /** Most outbound audio queued for one client, ms; beyond it the oldest utterance is dropped, whole. */
  readonly audioQueueMaxMs?: number | undefined;
}

/** What these may be. */
export const connectionRanges: OptionRanges<ConnectionLimits> = {
  connectTimeoutMs: timeoutRange,
  factoryTimeoutMs: timeoutRange,
  idleTimeoutMs: timeoutRange,
  maxSessionMs: optionalTimeRange,
  resumeMs: optionalTimeRange,
  maxSuspended: [0, 1_000_000],
  audioQueueMaxSize: [1, 1_000_000],
  audioQueueMaxMs: [20, 3_600_000],
};
