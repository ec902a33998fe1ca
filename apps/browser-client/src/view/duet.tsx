import { Meter, useVoiceCall, useVoiceEvent } from "@roomkit/react";
import { type JSX, useEffect, useRef, useState } from "react";
import { useAttending } from "../call/attending.ts";
import { LevelHistory } from "../model/level-history.ts";
import { wantsStillness } from "./canvas.ts";
import { drawDuet } from "./draw-duet.ts";

/** Twelve seconds at 20 levels a second. */
const HISTORY = 240;
const SILENCE = -60;

/** Both voices over the last seconds, yours above the line and the assistant's below it, with a meter for each. */
export function Duet(): JSX.Element {
  const { state } = useVoiceCall();
  const attends = useAttending() !== undefined;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [history] = useState(() => new LevelHistory(HISTORY));
  const [draw] = useState(() => {
    let scheduled = 0;
    return (): void => {
      cancelAnimationFrame(scheduled);
      scheduled = requestAnimationFrame(() => canvas.current && drawDuet(canvas.current, history));
    };
  });
  useVoiceEvent("state", ({ previous }) => {
    if (previous === "idle" || previous === "ended") history.clear();
  });
  useVoiceEvent("level", ({ input, output, muted }) => {
    history.push(muted ? SILENCE : input, output);
    if (!wantsStillness()) draw();
  });
  useVoiceEvent("interrupted", () => history.cut());
  // For who wants no movement: a picture for each turn of the call.
  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn when the call's state is another
  useEffect(draw, [state, draw]);
  useEffect(() => {
    const target = canvas.current;
    if (target === null) return;
    const resized = new ResizeObserver(draw);
    resized.observe(target);
    // Colours are read when drawing: draw again when the theme changes.
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const schemes = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((query) => matchMedia(query));
    for (const scheme of schemes) scheme.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      themed.disconnect();
      for (const scheme of schemes) scheme.removeEventListener("change", draw);
    };
  }, [draw]);
  return (
    <section className="duet" aria-label="Levels">
      <p className="lane you">You</p>
      <p className="lane bot">{attends ? "The call" : "Assistant"}</p>
      <div className="score" aria-hidden="true">
        <canvas ref={canvas} />
      </div>
      <Meter of="input" className="meter you" />
      <Meter of="output" className="meter bot" />
    </section>
  );
}
