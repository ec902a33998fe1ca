import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, postgresPrograms, startPostgres } from "../../../../tools/engines.ts";
import { chaos } from "./chaos.fixture.ts";

// `npm run takeover` asks for 200 moments and more; `ROOMKIT_CALLERS=40 npm run takeover -- -t SIGTERM` restarts both while 40 talk.
const { ROOMKIT_KILLS = "3", ROOMKIT_CALLERS = "6", ROOMKIT_SEED = "1", ROOMKIT_REPORT = "" } = process.env;
const [kills, callers, seed] = [Number(ROOMKIT_KILLS), Number(ROOMKIT_CALLERS), Number(ROOMKIT_SEED)];

/** Of what is sorted, ms. */
function spread(sorted: readonly number[]): object {
  const at = (share: number): number => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  return { median: at(0.5), p95: at(0.95), most: at(1) };
}

describe.skipIf(!postgresPrograms)("calls on two processes", { timeout: 3_600_000 }, () => {
  let postgres: Engine;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres?.stop());

  it.each([
    ["SIGKILL", kills],
    ["SIGTERM", 2],
    // Half a minute each: by the command alone.
    ...(ROOMKIT_REPORT === "" ? [] : [["SIGSTOP", 2] as const]),
  ] as const)("go on elsewhere at %s: no word, event or tool is lost or comes twice", async (signal, times) => {
    const report = await chaos({ url: postgres.url, kills: times, callers, seed, signal });
    if (ROOMKIT_REPORT !== "") console.log(signal, JSON.stringify({ ...report, awayMs: spread(report.awayMs) }));
    expect(report.faults).toEqual([]);
    expect(report.moments).toBeGreaterThan(0);
    expect(report.turns).toBeGreaterThan(callers);
  });
});
