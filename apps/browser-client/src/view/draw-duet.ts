import type { LevelHistory } from "../model/level-history.ts";
import { cleared } from "./canvas.ts";

/** Width of a bar and of the space after it, CSS pixels. */
const BAR = 2;
const GAP = 2;

/** Draws the newest levels from the right edge on: one voice up, the other down. */
export function drawDuet(canvas: HTMLCanvasElement, history: LevelHistory): void {
  const surface = cleared(canvas);
  if (surface === undefined) return;
  const { context, width, height, colour } = surface;
  const axis = Math.round(height / 2);
  const reach = axis - 3;
  const count = Math.min(history.length, Math.floor(width / (BAR + GAP)));
  for (let age = 0; age < count; age++) {
    const { user, assistant, cut } = history.at(age);
    const x = width - (age + 1) * (BAR + GAP);
    if (cut) {
      context.fillStyle = colour("--ink");
      context.fillRect(x + BAR / 2 - 0.5, 2, 1, height - 4);
    }
    bar(context, x, axis - 2, -Math.max(1, user * reach), user > 0 ? colour("--you") : colour("--line"));
    bar(context, x, axis + 2, Math.max(1, assistant * reach), assistant > 0 ? colour("--bot") : colour("--line"));
  }
}

function bar(context: CanvasRenderingContext2D, x: number, y: number, length: number, colour: string): void {
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(x, length < 0 ? y + length : y, BAR, Math.abs(length), 1);
  context.fill();
}
