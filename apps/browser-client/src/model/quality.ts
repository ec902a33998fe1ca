import type { CallStats } from "@roomkit/client";

export type Quality = "good" | "fair" | "poor";

/** What one second of a call says about its connection, compared with the second before. */
export function quality(now: CallStats, before: CallStats | undefined): Quality {
  const rtt = now.roundTripMs ?? 0;
  const grew = (key: "underruns" | "droppedFrames" | "concealedSamples"): boolean =>
    (now[key] ?? 0) > (before?.[key] ?? 0);
  if (rtt > 400 || grew("droppedFrames")) return "poor";
  if (rtt > 180 || grew("underruns") || grew("concealedSamples")) return "fair";
  return "good";
}

/** The worst of the last seconds: one good second does not mend a bad line. */
export function worst(recent: readonly Quality[]): Quality {
  if (recent.includes("poor")) return "poor";
  return recent.includes("fair") ? "fair" : "good";
}
