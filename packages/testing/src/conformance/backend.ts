import { assertOptions } from "@roomkit/core";
import { BackendBench, type BackendConformanceOptions } from "./backend-bench.ts";
import { clientFirstCases } from "./backend-client-first.ts";
import { endCases } from "./backend-ends.ts";
import { mediaCases } from "./backend-media.ts";
import { sessionFirstCases } from "./backend-session-first.ts";
import { type ConformanceCase, within } from "./case.ts";

/**
 * What every {@link VoiceBackend} must do, with clients of one dialect; see {@link ConformanceCase}. Real time passes only where
 * the harness lets it.
 */
export function backendConformance(options: BackendConformanceOptions): readonly ConformanceCase[] {
  assertOptions("backendConformance", options, {
    required: ["open"],
    function: ["open"],
    boolean: ["messages"],
    number: ["patienceMs", "timeoutMs"],
  });
  const { messages = true, patienceMs = 30_000, timeoutMs = 10_000 } = options;
  return [...sessionFirstCases, ...clientFirstCases, ...mediaCases, ...endCases].map(([name, run]) => ({
    name,
    async run() {
      const harness = await within(Promise.resolve(options.open()), timeoutMs, "opening the backend");
      const bench = new BackendBench(harness, { messages, patienceMs, timeoutMs });
      try {
        await within(run(bench), timeoutMs * 2, name);
        await bench.within(bench.backend.close(), "close");
        await bench.checkNothingHeld("after close");
      } finally {
        await bench.within(bench.backend.close(), "closing the backend").catch(() => {});
        await harness.close();
      }
    },
  }));
}
