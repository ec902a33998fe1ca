import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { openPostgresStore } from "@roomkit/store-postgres";
import { seededRandom } from "@roomkit/testing";
import { type Engine, postgresPrograms } from "../../../../tools/engines.ts";
import { freePort } from "../../../../tools/free-port.ts";
import { Caller, faultsInLogs } from "../takeover/chaos.fixture.ts";
import { NodeProcess } from "../takeover/cluster.fixture.ts";

export interface OutageOptions {
  readonly postgres: Engine;
  readonly redis: Engine;
  readonly callers: number;
  readonly seed: number;
  /** How long Redis is gone, and stands still; and PostgreSQL, ms. */
  readonly redisKilledMs: number;
  readonly redisStalledMs: number;
  readonly postgresStalledMs: number;
  /** How often PostgreSQL is killed, at a moment of chance, and how long it is gone. */
  readonly kills: number;
  readonly postgresKilledMs: number;
  /** How often all its connections are cut. */
  readonly cuts: number;
}

interface Replies {
  readonly turns: number;
  /** Until the first word, ms. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** The longest that a caller waited for sound, before an answer or in it. */
  readonly longestSilenceMs: number;
}

export interface OutageReport {
  readonly turns: number;
  readonly events: number;
  readonly seconds: number;
  /** What it was like by what was going on. */
  readonly during: Readonly<Record<string, Replies>>;
  /** What the process said, without what is the same each time. */
  readonly said: readonly string[];
  /** What must not be, in words. */
  readonly faults: readonly string[];
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls on one process, while its store and its leases fail in each way in turn. */
export async function outage(options: OutageOptions): Promise<OutageReport> {
  const { postgres, redis, callers, seed, kills, cuts } = options;
  const random = seededRandom(seed);
  const node = new NodeProcess(await freePort(), postgres.url, redis.url);
  await node.start();
  const stop = new AbortController();
  const address = `http://127.0.0.1:${node.port}`;
  const all = Array.from({ length: callers }, (_, i) => new Caller(`caller ${i}`, address, seededRandom(seed + 1 + i)));
  const running = all.map((caller) => caller.run(stop.signal).catch((error) => void caller.faults.push(String(error))));
  const spans: { readonly what: string; readonly from: number; readonly to: number }[] = [];
  const span = async (what: string, work: () => Promise<void>): Promise<void> => {
    const from = performance.now();
    await work();
    spans.push({ what, from, to: performance.now() });
    // Until what was waiting is written.
    await sleep(1_500);
  };
  const began = performance.now();
  try {
    // All have been greeted.
    await sleep(4_000);
    await span("healthy", () => sleep(5_000));
    await span("redis killed", async () => {
      await redis.kill();
      await sleep(options.redisKilledMs);
      await redis.start();
    });
    await span("redis stalled", async () => {
      redis.pause();
      await sleep(options.redisStalledMs);
      redis.resume();
    });
    await span("postgres stalled", async () => {
      postgres.pause();
      await sleep(options.postgresStalledMs);
      postgres.resume();
    });
    for (let kill = 0; kill < kills; kill++) {
      await sleep(random() * 1_000);
      await span("postgres killed", async () => {
        await postgres.kill();
        await sleep(options.postgresKilledMs);
        await postgres.start();
      });
    }
    await span("connections cut", async () => {
      for (let cut = 0; cut < cuts; cut++) {
        await sleep(random() * 300);
        await cutAll(postgres.url);
      }
    });
    stop.abort();
    await Promise.all(running);
    // The rooms of those who hung up are closed.
    await sleep(1_000);
    await node.end("SIGTERM");
    const turns = all.reduce((sum, caller) => sum + caller.turns, 0);
    const log = await counted(postgres.url);
    const faults = [...all.flatMap((caller) => caller.faults), ...(await faultsInLogs(postgres.url))];
    if (log.asked !== turns) faults.push(`${turns} questions were answered, and ${log.asked} stand in the log`);
    for (const caller of all)
      if (caller.moments > 0) faults.push(`a caller lost its connection ${caller.moments} times`);
    if (log.open > 0) faults.push(`${log.open} rooms of calls that are over are open`);
    faults.push(...node.errors.filter((line) => !foreseen(line)));
    const replies = all.flatMap((caller) => caller.replies);
    const during = Object.fromEntries(
      [...new Set(spans.map(({ what }) => what))].map((what) => {
        const of = spans.filter((each) => each.what === what);
        return [what, summary(replies.filter(({ at }) => of.some(({ from, to }) => at >= from && at <= to)))];
      }),
    );
    const said = [...new Set(node.errors.map((line) => (JSON.parse(line) as { message: string }).message))];
    return {
      turns,
      events: log.events,
      seconds: Math.round((performance.now() - began) / 1_000),
      during,
      said,
      faults,
    };
  } finally {
    stop.abort();
    postgres.resume();
    redis.resume();
    await node.end("SIGKILL");
  }
}

/** As an administrator does, or a pooler that is restarted: those that are idle, and those that wait for an answer. */
async function cutAll(url: string): Promise<void> {
  const cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'roomkit'";
  await promisify(execFile)(`${postgresPrograms}/psql`, [url, "-qAtc", cut]);
}

async function counted(url: string): Promise<{ asked: number; events: number; open: number }> {
  const store = await openPostgresStore({ url });
  try {
    const rooms = await store.listRooms();
    const logs = await Promise.all(rooms.map(({ id }) => store.readEvents(id)));
    const asked = logs.flat().filter(({ source, content }) => source.role === "user" && content.type === "text");
    const open = rooms.filter(({ status }) => status !== "closed").length;
    return { asked: asked.length, events: logs.flat().length, open };
  } finally {
    await store.close();
  }
}

/** That something is away is said; that something is lost, or a channel failed, must not be. */
function foreseen(line: string): boolean {
  return /cannot be (reached|renewed)|connection to (Redis|Postgres) broke|calls are not kept|lease: it lapses/.test(
    line,
  );
}

function summary(replies: readonly { readonly ms: number; readonly silenceMs: number }[]): Replies {
  const sorted = replies.map(({ ms }) => Math.round(ms)).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const longestSilenceMs = Math.round(Math.max(0, ...replies.map(({ silenceMs }) => silenceMs)));
  return { turns: replies.length, p50Ms: at(0.5), p95Ms: at(0.95), longestSilenceMs };
}
