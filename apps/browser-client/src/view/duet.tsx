import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { CallStore } from "../call-store.ts";
import { drawDuet } from "./draw-duet.ts";
import { Meter, setMeter } from "./meter.tsx";

/** Both voices over the last seconds, yours above the line and the assistant's below it, with a meter for each. */
export function Duet({ store }: { readonly store: CallStore }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const you = useRef<HTMLDivElement>(null);
  const assistant = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const target = canvas.current;
    if (target === null) return;
    let scheduled = 0;
    const draw = (): void => {
      cancelAnimationFrame(scheduled);
      scheduled = requestAnimationFrame(() => drawDuet(target, store.history));
    };
    store.onLevels = ({ input, output, muted }) => {
      setMeter(you.current, muted ? -60 : input);
      setMeter(assistant.current, output);
      draw();
    };
    const resized = new ResizeObserver(draw);
    resized.observe(target);
    // Colours are read when drawing: draw again when the theme changes.
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    return () => {
      cancelAnimationFrame(scheduled);
      store.onLevels = () => {};
      resized.disconnect();
      themed.disconnect();
      dark.removeEventListener("change", draw);
    };
  }, [store]);
  return (
    <section class="duet" aria-label="Levels">
      <p class="lane you">You</p>
      <p class="lane bot">Assistant</p>
      <div class="score" aria-hidden="true">
        <canvas ref={canvas} />
      </div>
      <Meter class="you" label="Your microphone" element={you} />
      <Meter class="bot" label="The assistant's voice" element={assistant} />
    </section>
  );
}
