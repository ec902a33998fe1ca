import type { CallStats } from "@roomkit/client";

/** `lost`: nothing comes at all. */
export type Quality = "good" | "fair" | "poor" | "lost";

/** What one second of a call says about its connection, compared with the second before. */
export function quality(now: CallStats, before: CallStats | undefined): Quality {
  if (now.quietMs !== undefined) return "lost";
  const rtt = now.roundTripMs ?? 0;
  const grew = (key: "underruns" | "droppedFrames" | "concealedSamples" | "lostFrames"): boolean =>
    (now[key] ?? 0) > (before?.[key] ?? 0);
  if (rtt > 400 || grew("droppedFrames")) return "poor";
  // On a track a browser conceals the end of every sentence too: there, what counts is packets.
  const conceals = now.receivedPackets === undefined && grew("concealedSamples");
  const lost = ratio(now, before);
  if (lost > 0.05) return "poor";
  if (rtt > 180 || grew("underruns") || conceals || grew("lostFrames") || lost > 0.005) return "fair";
  return "good";
}

/** How much of what was on its way here got lost in that second, 0 to 1. */
function ratio(now: CallStats, before: CallStats | undefined): number {
  const lost = (now.lostPackets ?? 0) - (before?.lostPackets ?? 0);
  const received = (now.receivedPackets ?? 0) - (before?.receivedPackets ?? 0);
  return lost > 0 ? lost / Math.max(1, lost + received) : 0;
}

/** The worst of the last seconds: one good second does not mend a bad line. Lost is what it is now. */
export function worst(recent: readonly Quality[]): Quality {
  if (recent.at(-1) === "lost") return "lost";
  if (recent.includes("poor") || recent.includes("lost")) return "poor";
  return recent.includes("fair") ? "fair" : "good";
}
