import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { DeskStore } from "../desk-store.ts";
import { type DeskStage, stageNames } from "../model/desk.ts";
import { drawSpeech } from "./draw-speech.ts";
import { Switch } from "./fields.tsx";
import { Meter, setMeter } from "./meter.tsx";

/** What the server hears of the caller, before and behind its stages, folded away until somebody asks. */
export function SoundPath({ desk }: { readonly desk: DeskStore }): JSX.Element | null {
  const open = useSignal(false);
  const present = useComputed(() => desk.stages.value !== undefined).value;
  useEffect(() => desk.watch(present && open.value), [desk, present, open.value]);
  if (!present) return null;
  return (
    <details class="details sound-path" onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>Your sound at the server</summary>
      {open.value && <SoundLevels desk={desk} />}
    </details>
  );
}

function SoundLevels({ desk }: { readonly desk: DeskStore }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const before = useRef<HTMLDivElement>(null);
  const after = useRef<HTMLDivElement>(null);
  useEffect(() => {
    desk.onLevel = (level) => {
      setMeter(before.current, level.before);
      setMeter(after.current, level.after ?? level.before);
      if (canvas.current) drawSpeech(canvas.current, desk.history);
    };
    return () => {
      desk.onLevel = () => {};
    };
  }, [desk]);
  return (
    <div class="sound-levels">
      <p>As it comes</p>
      <Meter class="along" label="Level before the stages" element={before} />
      <p>As it is heard</p>
      <Meter class="along" label="Level behind the stages" element={after} />
      <p>Speech</p>
      <canvas
        ref={canvas}
        role="img"
        aria-label="How likely what you say was found to be speech in the last 12 seconds"
      />
    </div>
  );
}

/** A switch for each stage the server has, for the settings. */
export function StageSwitches({ desk }: { readonly desk: DeskStore }): JSX.Element | null {
  const stages = desk.stages.value;
  if (!stages || stages.length === 0) return null;
  return (
    <fieldset>
      <legend>Your sound at the server</legend>
      <p class="hint">For this call. What your browser does already sounds worse when it is done twice.</p>
      <div class="switches">
        {stages.map((stage) => (
          <Switch
            key={stage.role}
            label={labelOf(stage)}
            checked={stage.state === "on"}
            onChange={(on) => desk.switchStage(stage.role, on)}
          />
        ))}
      </div>
    </fieldset>
  );
}

function labelOf({ role, state }: DeskStage): string {
  const notes = { native: " (your browser does)", failed: " (did not work)", on: "", off: "" } as const;
  return `${stageNames[role]}${notes[state]}`;
}
