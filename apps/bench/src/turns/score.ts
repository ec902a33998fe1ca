/** A moment of silence, and when it was answered, ms after the last sound. */
interface Answered {
  /** Undefined: the turn was over. */
  readonly pauseMs: number | undefined;
  readonly answeredAt: number;
}

export interface Score {
  readonly pauses: number;
  /** Pauses that were answered before they were over. */
  readonly falseCuts: number;
  /** Of finished turns, ms. */
  readonly waits: readonly number[];
}

export function scoreOf(answered: readonly Answered[]): Score {
  const pauses = answered.filter(({ pauseMs }) => pauseMs !== undefined);
  return {
    pauses: pauses.length,
    falseCuts: pauses.filter(({ pauseMs, answeredAt }) => answeredAt < (pauseMs as number)).length,
    waits: answered.filter(({ pauseMs }) => pauseMs === undefined).map(({ answeredAt }) => answeredAt),
  };
}
