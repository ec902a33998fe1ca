import { check, type FaultCase, type FaultMatrixOptions } from "./fault-case.ts";
import { type Add, addSharedCases, collector, positions } from "./shared-cases.ts";

/**
 * Everything that can go wrong between a provider and its vendor, as one case each: every failure must end in the error of the
 * right kind, and nothing may be left open, waiting, or unheard. Time is virtual; sockets are real.
 */
export function providerFaultMatrix(options: FaultMatrixOptions): FaultCase[] {
  const { cases, add } = collector(options);
  addSharedCases(add, options);
  const [route] = options.routes();
  if (route.kind === "http") addHttpCases(add, options);
  else addSocketCases(add, options);
  return cases;
}

function addHttpCases(add: Add, { frames, eofDetectable = true, kinds = {} }: FaultMatrixOptions): void {
  for (const after of positions(frames)) {
    if (!eofDetectable) continue;
    add(`fails when the answer ends after ${after} frames: protocol`, async (run) => {
      run.standIn.fault({ kind: "eof", after });
      run.checkFailed(await run.soon(run.start(), "the operation"), kinds.eof ?? "protocol");
    });
  }
  add("fails when the vendor vanishes: timeout", async (run) => {
    run.standIn.fault({ kind: "half-open", after: 1 });
    run.checkFailed(await run.whileTimePasses(run.start()), kinds["half-open"] ?? "timeout");
  });
}

const CLOSES: readonly (readonly [number, string])[] = [
  [1000, "protocol"],
  [1001, "network"],
  [1005, "protocol"],
  [1007, "protocol"],
  [1008, "invalid_request"],
  [1011, "server"],
  [1013, "overloaded"],
];

function addSocketCases(add: Add, { frames, kinds = {} }: FaultMatrixOptions): void {
  for (const [code, usual] of CLOSES) {
    for (const after of [0, frames - 1]) {
      const kind = kinds[`close ${code} after ${after}`] ?? kinds[`close ${code}`] ?? usual;
      add(`ends when the vendor closes with ${code} after ${after} frames: ${kind}`, async (run) => {
        run.standIn.fault({ kind: "close", after, ...(code === 1005 ? {} : { code, reason: "made up" }) });
        const outcome = await run.soon(run.start(), "the operation");
        if (kind !== "none") run.checkFailed(outcome, kind);
        else
          check(outcome.error === undefined, `it must end without failing, but failed with ${String(outcome.error)}`);
      });
    }
  }
  add("finds out that the vendor has vanished: network", async (run) => {
    run.standIn.fault({ kind: "half-open", after: 1 });
    run.checkFailed(await run.whileTimePasses(run.start()), kinds["half-open"] ?? "network");
  });
}
