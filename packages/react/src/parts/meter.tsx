import type { ComponentPropsWithoutRef, CSSProperties, JSX } from "react";
import { useLevels } from "../hooks.ts";

/** Levels below this look like silence, dBFS. */
const FLOOR_DB = -54;

/** A level as a length: 0 (silence) to 1 (as loud as it gets). */
export function loudness(db: number): number {
  return Math.min(1, Math.max(0, (db - FLOOR_DB) / -FLOOR_DB));
}

export interface MeterProps extends ComponentPropsWithoutRef<"div"> {
  /** Whose level: the caller's (`input`) or the assistant's. */
  readonly of: "input" | "output";
}

/** How loud one of both is: an empty box whose style has `--level`, 0 to 1, to draw with. */
export function Meter({ of, ...rest }: MeterProps): JSX.Element {
  const { [of]: level, muted } = useLevels();
  const label = of === "input" ? "Your microphone" : "The assistant's voice";
  return <LevelMeter aria-label={label} db={of === "input" && muted ? -60 : level} {...rest} />;
}

interface LevelMeterProps extends ComponentPropsWithoutRef<"div"> {
  /** dBFS. */
  readonly db: number;
}

/** A meter for any level. */
export function LevelMeter({ db, style, ...rest }: LevelMeterProps): JSX.Element {
  const level = loudness(db);
  // None when silent: what a server renders must not need a policy that allows styles in the page.
  const filled = level > 0 ? ({ ...style, "--level": level.toFixed(3) } as CSSProperties) : style;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a native meter can hardly be styled
    <div
      role="meter"
      aria-valuemin={-60}
      aria-valuemax={0}
      aria-valuenow={Math.round(db)}
      aria-valuetext={level > 0 ? `${Math.round(db)} decibels` : "silent"}
      {...rest}
      style={filled}
    />
  );
}
