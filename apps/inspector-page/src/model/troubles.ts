import type { CallRow } from "@roomkit/inspector";
import { inMs, lossOf, percent, waitOf } from "./words.ts";

/** From here on somebody should look. */
const LOSS = 0.03;
const JITTER_MS = 40;
const WAIT_MS = 2_000;
/** An error counts for so long, ms. */
const RECENT_MS = 120_000;

/** What may be wrong with a call that goes on, each in few words. */
export function troublesOf(call: CallRow, now: number): string[] {
  if (call.ended) return [];
  const troubles: string[] = [];
  const { lastError, lastTurn, echo, quality } = call;
  if (lastError && now - lastError.at < RECENT_MS) troubles.push(lastError.code);
  const loss = lossOf(call) ?? 0;
  if (loss >= LOSS) troubles.push(`${percent(loss)} lost`);
  const { jitterMs = 0 } = quality?.inbound ?? {};
  if (jitterMs >= JITTER_MS) troubles.push(`${Math.round(jitterMs)} ms jitter`);
  if (lastTurn && waitOf(lastTurn) >= WAIT_MS) troubles.push(`slow: ${inMs(waitOf(lastTurn))}`);
  if (echo) troubles.push("echo");
  if ((quality?.droppedMs ?? 0) > 0) troubles.push("audio dropped");
  return troubles;
}
