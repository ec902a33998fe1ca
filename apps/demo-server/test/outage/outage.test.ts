import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, postgresPrograms, redisProgram, startPostgres, startRedis } from "../../../../tools/engines.ts";
import { outage } from "./outage.fixture.ts";

// `npm run outage` asks for 20 s without Redis and 20 cuts; here each fault comes once and shortly.
const { ROOMKIT_SEED = "1", ROOMKIT_REPORT = "" } = process.env;
const long = ROOMKIT_REPORT !== "";
const faults = long
  ? { callers: 10, redisKilledMs: 20_000, redisStalledMs: 10_000, postgresStalledMs: 10_000, kills: 5, cuts: 20 }
  : { callers: 3, redisKilledMs: 2_500, redisStalledMs: 2_500, postgresStalledMs: 3_000, kills: 1, cuts: 5 };

describe.skipIf(!postgresPrograms || !redisProgram)(
  "calls while PostgreSQL or Redis is down",
  { timeout: 600_000 },
  () => {
    let engines: [Engine, Engine];
    beforeAll(async () => {
      engines = await Promise.all([startPostgres(), startRedis()]);
    });
    afterAll(() => Promise.all((engines ?? []).map((engine) => engine.stop())));

    it("go on talking, and what was said stands in the log once", async () => {
      const [postgres, redis] = engines;
      const postgresKilledMs = long ? 10_000 : 1_500;
      const report = await outage({ postgres, redis, seed: Number(ROOMKIT_SEED), postgresKilledMs, ...faults });
      if (long) console.log(JSON.stringify(report, undefined, 1));
      expect(report.faults).toEqual([]);
      expect(report.turns).toBeGreaterThan(faults.callers * 5);
      expect(report.said).toContain("the store cannot be reached: calls go on, and are written down when it can");
      expect(report.said.join()).toContain("leases cannot be renewed");
    });
  },
);
