import type { SoundHistory } from "../model/desk.ts";
import { cleared } from "./canvas.ts";

/** Draws how likely the newest moments were speech, from the right edge on, over how loud they were. */
export function drawSpeech(canvas: HTMLCanvasElement, history: SoundHistory): void {
  const surface = cleared(canvas);
  if (surface === undefined) return;
  const { context, width, height, colour } = surface;
  const step = width / history.length;
  context.fillStyle = colour("--line");
  context.fillRect(0, Math.round(height / 2), width, 1);
  for (let age = 0; age < history.length; age++) {
    const moment = history.at(age);
    if (!moment) break;
    const x = width - (age + 1) * step;
    const bar = (share: number, tone: string): void => {
      context.fillStyle = colour(tone);
      context.fillRect(x, height * (1 - share), Math.max(1, step - 0.5), height * share);
    };
    bar(moment.after, "--line");
    if (moment.speech !== undefined) bar(Math.max(0.02, moment.speech), moment.speech >= 0.5 ? "--you" : "--tone-wait");
  }
}
