import type { ComponentPropsWithoutRef, JSX } from "react";
import { useConnection, useVoiceCall } from "../hooks.ts";
import type { Quality } from "../quality.ts";

/** What a quality is called. */
export const qualityNames: Readonly<Record<Quality, string>> = {
  good: "Good connection",
  fair: "Fair connection",
  poor: "Poor connection",
  lost: "No connection",
};

/** How the connection fares, in words; the round trip too, which is not read out each second. */
export function Connection(props: ComponentPropsWithoutRef<"p">): JSX.Element {
  const { state, active } = useVoiceCall();
  const { quality, stats } = useConnection();
  const words = quality
    ? qualityNames[quality]
    : state === "connecting"
      ? "Connecting"
      : active
        ? "Connected"
        : "No call";
  return (
    <p data-quality={quality ?? "none"} {...props}>
      <span role="status">{words}</span>
      {quality && quality !== "lost" && stats?.roundTripMs !== undefined && ` ${Math.round(stats.roundTripMs)} ms`}
    </p>
  );
}
