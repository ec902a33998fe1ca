import type { Socket } from "node:net";
import type { FaultPlan } from "../faults/fault.ts";
import type { FrameLog } from "./frame-log.ts";

/** What the exchanges of one stand-in share. */
export interface StandInContext {
  readonly log: FrameLog;
  readonly faults: FaultPlan;
  /** Anything that must not happen; `expectClean` throws with them. */
  readonly violations: string[];
  /** Connections of peers that vanished: nothing is read from them until a test asks what is still open. */
  readonly frozen: Set<Socket>;
  /** Checks that are still running. */
  readonly checks: Set<Promise<boolean>>;
}

/** Ends a route's work when a fault has ended its exchange. Never seen outside. */
export class ExchangeEnded extends Error {}

/** Checks a frame and notes what is wrong with it. */
export function checked(...args: Parameters<typeof runCheck>): Promise<boolean> {
  const [{ checks }] = args;
  const running = runCheck(...args).finally(() => checks.delete(running));
  checks.add(running);
  return running;
}

async function runCheck(
  context: StandInContext,
  where: string,
  check: ((frame: never) => Promise<string | undefined> | string | undefined) | undefined,
  frame: unknown,
): Promise<boolean> {
  if (!check) return true;
  try {
    const wrong = await check(frame as never);
    if (wrong === undefined) return true;
    context.violations.push(`${where}: ${wrong}`);
  } catch (error) {
    context.violations.push(`${where}: the check itself failed: ${String(error)}`);
  }
  return false;
}
