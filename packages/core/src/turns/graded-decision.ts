import type { TurnContext, TurnDecision } from "../contracts/turn.ts";

/** From here on a turn is taken for over. */
const SURE = 0.85;
/** How long after the last sound to answer, in ms, by how likely the turn is over; linear between. */
const WAITS: readonly (readonly [confidence: number, ms: number])[] = [
  [0, 2_500],
  [0.1, 2_000],
  [0.2, 1_600],
  [0.35, 1_100],
  [0.5, 800],
  [0.7, 450],
  [SURE, 300],
];
/** So many pauses tell how a speaker pauses. */
const ENOUGH = 3;
/** A wait outlasts the longer pauses of the speaker by so much. */
const OVER = 1.15;
/** What a speaker who hardly pauses is spared of a wait. */
const BRISK = 0.75;

/**
 * What a turn detector decides by how likely the turn is over: sure ends are complete, otherwise the less likely, the longer is waited, 0.3 to
 * 2.5 s after the last sound. Unsure cases go by the speaker: the wait outlasts three quarters of their pauses, and is shorter for who pauses
 * briefly or hardly ever. Within `minEndpointMs` and `maxEndpointMs`.
 *
 * @param confidence 0 to 1; anything else counts as 0.5
 */
export function gradedDecision(
  confidence: number,
  context: Pick<TurnContext, "silenceMs" | "pauses" | "minEndpointMs" | "maxEndpointMs" | "history">,
  reason: string,
): TurnDecision {
  const sure = Number.isFinite(confidence) ? Math.min(1, Math.max(0, confidence)) : 0.5;
  if (sure >= SURE) return { complete: true, confidence: sure, reason };
  const { silenceMs, minEndpointMs, maxEndpointMs } = context;
  const least = positive(minEndpointMs, 0);
  const most = Math.max(least, positive(maxEndpointMs, Number.POSITIVE_INFINITY));
  const endpoint = Math.min(most, Math.max(least, paced(waitFor(sure), sure, context)));
  return {
    complete: false,
    confidence: sure,
    waitMs: Math.round(Math.max(0, endpoint - positive(silenceMs, 0))),
    reason,
  };
}

function waitFor(confidence: number): number {
  const after = WAITS.findIndex(([at]) => at >= confidence);
  const [from, to] = [WAITS[Math.max(0, after - 1)], WAITS[after]] as [
    readonly [number, number],
    readonly [number, number],
  ];
  const share = to[0] === from[0] ? 0 : (confidence - from[0]) / (to[0] - from[0]);
  return from[1] + share * (to[1] - from[1]);
}

/** The wait by how this speaker pauses: fully where nothing is known of the end, not at all where it is nearly certain. */
function paced(
  waitMs: number,
  confidence: number,
  { pauses, history }: Pick<TurnContext, "pauses" | "history">,
): number {
  if (pauses === undefined) return waitMs;
  const known = pauses.slice(-32).filter((ms) => ms > 0 && ms < 10_000);
  const weight = Math.min(1, (SURE - confidence) / 0.35);
  if (known.length >= ENOUGH) {
    const longer = OVER * (known.sort((a, b) => a - b)[Math.floor(0.75 * (known.length - 1))] as number);
    // Who is in the middle of something is waited for all the same.
    if (longer < waitMs) return confidence < 0.25 ? waitMs : Math.max(longer, BRISK * waitMs);
    return waitMs + weight * (longer - waitMs);
  }
  const turns = history.slice(-10).filter(({ role }) => role === "user").length;
  return turns >= ENOUGH && confidence >= 0.25 ? BRISK * waitMs : waitMs;
}

const positive = (value: number | undefined, otherwise: number): number =>
  value !== undefined && value >= 0 ? value : otherwise;
