import type { TurnDetector } from "@roomkit/core";
import { codeOf, sameBut } from "./recorded-providers.ts";
import type { CallWriter } from "./writer.ts";

/** A turn detector, written down: what it was asked, what it said and how long it took. */
export function recordedDetector(detector: TurnDetector, of: () => CallWriter | undefined): TurnDetector {
  return sameBut(detector, {
    async evaluate(...args: Parameters<TurnDetector["evaluate"]>) {
      const writer = of();
      const n = writer?.stream("turn") ?? 0;
      writer?.add({ k: "ask", n, text: writer.mask(args[0].transcript) });
      try {
        const decision = await detector.evaluate(...args);
        const { complete, confidence, waitMs, reason } = decision ?? {};
        const said = { complete, confidence, ...(waitMs !== undefined && { waitMs }), ...(reason && { reason }) };
        writer?.add({ k: "verdict", n, decision: said });
        return decision;
      } catch (thrown) {
        writer?.add({ k: "verdict", n, error: codeOf(thrown) });
        throw thrown;
      }
    },
  });
}
