import { ProviderError } from "@roomkit/provider-utils";
import type { FaultKind } from "../faults/fault.ts";
import { check, type FaultCase, type FaultMatrixOptions } from "./fault-case.ts";
import { FaultRun } from "./fault-run.ts";

export type Add = (name: string, body: (run: FaultRun) => Promise<void>) => void;

/** Collects cases; each runs against a stand-in of its own and must leave nothing behind. */
export function collector(options: FaultMatrixOptions): { readonly cases: FaultCase[]; readonly add: Add } {
  const cases: FaultCase[] = [];
  return { cases, add: (name, body) => cases.push({ name, run: () => FaultRun.with(options, body) }) };
}

const STATUSES: readonly (readonly [number, string])[] = [
  [400, "invalid_request"],
  [401, "auth"],
  [403, "auth"],
  [404, "invalid_request"],
  [422, "invalid_request"],
  [429, "rate_limit"],
  [500, "server"],
  [503, "overloaded"],
  [529, "overloaded"],
];

/** Before the first frame, after it, and before the last. */
export function positions(frames: number): number[] {
  return [...new Set([0, Math.min(1, frames - 1), frames - 1])];
}

/** What holds for requests and for WebSockets. */
export function addSharedCases(add: Add, options: FaultMatrixOptions): void {
  const { frames, streaming = true, kinds = {}, malformed, inbandError } = options;
  const [route] = options.routes();
  const kindOf = (fault: string, usual: string): string => kinds[fault] ?? usual;
  const succeeds = (name: string, fault?: FaultKind): void =>
    add(name, async (run) => {
      if (fault) run.standIn.fault(fault);
      run.checkComplete(await run.soon(run.start(), "the operation"));
    });
  const fails = (name: string, fault: FaultKind, kind: string, timed = false): void =>
    add(`${name}: ${kind}`, async (run) => {
      run.standIn.fault(fault);
      const started = run.start();
      run.checkFailed(await (timed ? run.whileTimePasses(started) : run.soon(started, "the operation")), kind);
    });

  succeeds("gives the whole answer");
  for (const size of [1, 7, 11])
    succeeds(`gives the whole answer in pieces of ${size} bytes`, { kind: "fragment", size });
  succeeds("gives the whole answer when it comes in one piece", { kind: "coalesce" });
  succeeds("gives the whole answer when it comes slowly", { kind: "slow", ms: 2 });
  if (route.unknownFrame !== undefined && frames > 1) {
    for (const after of positions(frames)) {
      succeeds(`passes over a frame of an unknown type before frame ${after}`, { kind: "unknown-type", after });
    }
  }

  for (const [status, usual] of STATUSES) {
    fails(`fails when refused with ${status}`, { kind: "status", status }, kindOf(String(status), usual));
  }
  fails(
    "fails when refused with a page instead of JSON",
    { kind: "status", status: 502, body: "<html>bad gateway</html>" },
    "server",
  );
  add("tells how long the vendor asks to wait", async (run) => {
    run.standIn.fault({ kind: "status", status: 429, headers: { "retry-after": "7" } });
    const { error } = await run.soon(run.start(), "the operation");
    check(ProviderError.is(error, "rate_limit"), "it must fail with rate_limit");
    check(error.retryAfterMs === 7_000 && error.status === 429, `retryAfterMs is ${error.retryAfterMs}`);
  });

  add("tries again when the vendor is overloaded", async (run) => {
    run.standIn.fault({ kind: "status", status: 503 }).fault({ kind: "status", status: 503 });
    const outcome = run.start({ retry: { retries: 2, baseMs: 200, maxMs: 1_000 } });
    await run.until(() => run.requests === 3, "it did not try again", true);
    run.checkComplete(await run.soon(outcome, "the operation"));
  });
  add("waits before a retry as long as the vendor asks", async (run) => {
    run.standIn.fault({ kind: "status", status: 429, headers: { "retry-after": "1" } });
    const outcome = run.start({ retry: { retries: 1, baseMs: 100, maxMs: 2_000 } });
    await run.until(() => run.requests === 2, "it did not try again", true);
    check(run.clock.now() >= 1_000, `it tried again after ${run.clock.now()} ms, not after 1,000`);
    run.checkComplete(await run.soon(outcome, "the operation"));
  });
  add("does not try again what cannot succeed", async (run) => {
    run.standIn.fault({ kind: "status", status: 401 });
    run.checkFailed(await run.whileTimePasses(run.start({ retry: { retries: 2 } })), kindOf("401", "auth"));
    check(run.requests === 1, `it asked ${run.requests} times`);
  });
  if (streaming) {
    add("does not try again what it has begun to give out", async (run) => {
      run.standIn.fault({ kind: "cut", after: frames - 1 });
      const outcome = await run.whileTimePasses(run.start({ retry: { retries: 2 } }));
      check(outcome.items.length > 0, "nothing came before the connection was cut");
      run.checkFailed(outcome, kindOf("cut", "network"));
      check(run.requests === 1, `it asked ${run.requests} times`);
    });
  } else {
    add("tries again when the connection is cut", async (run) => {
      run.standIn.fault({ kind: "cut", after: 0 });
      const outcome = run.start({ retry: { retries: 1 } });
      await run.until(() => run.requests === 2, "it did not try again", true);
      run.checkComplete(await run.soon(outcome, "the operation"));
    });
  }

  fails("fails when the connection is cut before any answer", { kind: "cut", after: -1 }, kindOf("cut", "network"));
  for (const after of positions(frames)) {
    for (const rst of [true, false]) {
      const how = rst ? "reset" : "ended";
      fails(
        `fails when the connection is ${how} after ${after} frames`,
        { kind: "cut", after, rst },
        kindOf("cut", "network"),
      );
    }
  }
  fails("fails when no answer comes", { kind: "hang" }, kindOf("hang", "timeout"), true);
  for (const after of positions(frames)) {
    fails(
      `fails when nothing more comes after ${after} frames`,
      { kind: "stall", after },
      kindOf("stall", "timeout"),
      true,
    );
  }
  if (malformed !== undefined) {
    for (const after of positions(frames).slice(0, 2)) {
      fails(
        `fails on nonsense instead of frame ${after}`,
        { kind: "malformed", after, bytes: malformed },
        kindOf("malformed", "protocol"),
      );
    }
  }
  if (inbandError !== undefined) {
    for (const after of positions(frames)) {
      fails(
        `fails when the vendor reports an error instead of frame ${after}`,
        { kind: "inband-error", after },
        inbandError,
      );
    }
  }
  addAbortCases(add, options);
}

function addAbortCases(add: Add, { frames, streaming = true }: FaultMatrixOptions): void {
  const aborted = (name: string, fault: FaultKind): void =>
    add(`ends with aborted ${name}, and closes its connection`, async (run) => {
      run.standIn.fault(fault);
      const outcome = run.start();
      await run.struck(fault.kind);
      run.abort.abort();
      run.checkFailed(await run.soon(outcome, "an aborted operation"), "aborted");
      await run.hungUp();
    });

  add("ends with aborted when it was aborted before it began, and asks for nothing", async (run) => {
    run.abort.abort();
    run.checkFailed(await run.soon(run.start(), "an aborted operation"), "aborted");
    check(run.requests === 0, "it asked all the same");
  });
  aborted("while it waits for an answer", { kind: "hang" });
  for (const after of positions(frames)) aborted(`after ${after} frames`, { kind: "stall", after });
  add("ends with aborted while it waits to try again", async (run) => {
    run.standIn.fault({ kind: "status", status: 503 });
    const outcome = run.start({ retry: { retries: 2, baseMs: 1_000, maxMs: 5_000 } });
    await run.answered();
    // The wait is the only timer once the request has ended.
    await run.until(() => run.clock.pendingTimers === 1, "it did not wait to try again");
    await run.clock.advance(10);
    run.abort.abort();
    run.checkFailed(await run.soon(outcome, "an aborted operation"), "aborted");
    check(run.requests === 1, `it asked ${run.requests} times`);
  });
  if (streaming) {
    add("closes its connection when its reader stops", async (run) => {
      run.standIn.fault({ kind: "stall", after: frames - 1 });
      const { error } = await run.soon(run.start({ stopAfter: 1 }), "stopping");
      check(error === undefined, `stopping failed with ${String(error)}`);
      await run.hungUp();
    });
  }
  add("keeps operations that run at the same time apart", async (run) => {
    run.standIn.fault({ kind: "slow", ms: 2 }).fault({ kind: "cut", after: 1 }).fault({ kind: "fragment", size: 5 });
    const outcomes = await run.soon(
      Promise.all([0, 1, 2, 3, 4].map((variant) => run.start({ variant }))),
      "five operations",
    );
    const failed = outcomes.filter(({ error }) => error !== undefined);
    check(failed.length === 1, `one of five was cut off, but ${failed.length} failed`);
    outcomes.forEach((outcome, variant) => {
      if (outcome.error === undefined) run.checkComplete(outcome, variant);
    });
  });
}
