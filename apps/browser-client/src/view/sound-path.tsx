import { LevelMeter, useVoiceEvent } from "@roomkit/react";
import { type JSX, useEffect, useRef, useState } from "react";
import { type Desk, SOUND } from "../call/desk.ts";
import { type DeskStage, readDeskMessage, SoundHistory, stageNames } from "../model/desk.ts";
import { wantsStillness } from "./canvas.ts";
import { drawSpeech } from "./draw-speech.ts";
import { Switch } from "./fields.tsx";

/** Twelve seconds at 10 levels a second. */
const HISTORY = 120;
const silence = { before: -60, after: -60 };

/** What the server hears of the caller, before and behind its stages, folded away until somebody asks. */
export function SoundPath({ desk }: { readonly desk: Desk }): JSX.Element | null {
  const [open, setOpen] = useState(false);
  const { stages, watch } = desk;
  const looked = open && stages !== undefined;
  useEffect(() => {
    if (!looked) return;
    watch(true);
    return () => watch(false);
  }, [looked, watch]);
  if (stages === undefined) return null;
  return (
    <details className="details sound-path" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Your sound at the server</summary>
      {open && <SoundLevels />}
    </details>
  );
}

function SoundLevels(): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [history] = useState(() => new SoundHistory(HISTORY));
  const [levels, setLevels] = useState(silence);
  useVoiceEvent("data", ({ name, payload }) => {
    const message = name === SOUND ? readDeskMessage(payload) : undefined;
    if (message?.type !== "level") return;
    history.push(message);
    setLevels({ before: message.before, after: message.after ?? message.before });
    if (canvas.current && !wantsStillness()) drawSpeech(canvas.current, history);
  });
  // For who wants no movement: a picture for each turn of the call.
  useVoiceEvent("state", () => canvas.current && drawSpeech(canvas.current, history));
  return (
    <div className="sound-levels">
      <p>As it comes</p>
      <LevelMeter className="meter along" aria-label="Level before the stages" db={levels.before} />
      <p>As it is heard</p>
      <LevelMeter className="meter along" aria-label="Level behind the stages" db={levels.after} />
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
export function StageSwitches({ desk }: { readonly desk: Desk }): JSX.Element | null {
  const { stages, switchStage } = desk;
  if (!stages || stages.length === 0) return null;
  return (
    <fieldset>
      <legend>Your sound at the server</legend>
      <p className="hint">For this call. What your browser does already sounds worse when it is done twice.</p>
      <div className="switches">
        {stages.map((stage) => (
          <Switch
            key={stage.role}
            label={labelOf(stage)}
            checked={stage.state === "on"}
            onChange={(on) => switchStage(stage.role, on)}
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
