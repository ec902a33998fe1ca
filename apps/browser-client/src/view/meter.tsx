import type { JSX, RefObject } from "preact";
import { loudness } from "../model/level-history.ts";

interface MeterProps {
  /** Whose it is, and how it lies. */
  readonly class: string;
  readonly label: string;
  readonly element: RefObject<HTMLDivElement | null>;
}

/** A level that moves many times a second: set by {@link setMeter}, not by rendering. */
export function Meter({ class: kind, label, element }: MeterProps): JSX.Element {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a native meter cannot be drawn from the middle outwards
    <div
      ref={element}
      class={`meter ${kind}`}
      role="meter"
      aria-label={label}
      aria-valuemin={-60}
      aria-valuemax={0}
      aria-valuenow={-60}
      aria-valuetext="silent"
    />
  );
}

/** @param db dBFS */
export function setMeter(element: HTMLDivElement | null, db: number): void {
  if (element === null) return;
  element.style.setProperty("--level", loudness(db).toFixed(3));
  element.setAttribute("aria-valuenow", db.toFixed(0));
  element.setAttribute("aria-valuetext", db <= -54 ? "silent" : `${db.toFixed(0)} decibels`);
}
