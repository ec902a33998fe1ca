import type { Plot } from "../measure/report.ts";

const WIDTH = 640;
const HEIGHT = 300;
const LEFT = 72;
const RIGHT = 16;
const TOP = 16;
const BOTTOM = 56;

export const escaped = (text: string): string => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** Round numbers from 0 to at least `most`, about five. */
export function ticks(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

/** Lines as a picture that takes its colours from the page (`.line-0`, `.line-1`). */
export function svg({ title, x, y, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  const [acrossTicks, upTicks] = [
    ticks(Math.max(...points.map(([at]) => at))),
    ticks(Math.max(...points.map(([, at]) => at))),
  ];
  const across = (value: number): number => LEFT + (value / (acrossTicks.at(-1) as number)) * (WIDTH - LEFT - RIGHT);
  const up = (value: number): number =>
    HEIGHT - BOTTOM - (value / (upTicks.at(-1) as number)) * (HEIGHT - TOP - BOTTOM);
  const grid = [
    ...upTicks.map(
      (tick) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(up(tick))}" y2="${round(up(tick))}"/><text x="${LEFT - 8}" y="${round(up(tick) + 4)}" text-anchor="end">${tick.toLocaleString("en")}</text>`,
    ),
    ...acrossTicks.map(
      (tick) =>
        `<text x="${round(across(tick))}" y="${HEIGHT - BOTTOM + 22}" text-anchor="middle">${tick.toLocaleString("en")}</text>`,
    ),
  ];
  const drawn = lines.map(({ name, points: own }, i) => {
    const sorted = [...own].sort(([a], [b]) => a - b);
    const path = sorted.map(([px, py]) => `${round(across(px))},${round(up(py))}`).join(" ");
    const dots = sorted.map(
      ([px, py]) =>
        `<circle cx="${round(across(px))}" cy="${round(up(py))}" r="3.5"><title>${escaped(`${name}: ${px}, ${Number(py.toPrecision(3))}`)}</title></circle>`,
    );
    return `<g class="line-${i}"><polyline points="${path}"/>${dots.join("")}</g>`;
  });
  const legend = lines.map(({ name }, i) => `<span class="line-${i}">${escaped(name)}</span>`).join(" ");
  return (
    `<figure><figcaption>${escaped(title)} <span class="legend">${legend}</span></figcaption>` +
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">${grid.join("")}${drawn.join("")}` +
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${escaped(x)}</text></svg>` +
    `${y === title ? "" : `<p class="axis">Upwards: ${escaped(y)}</p>`}</figure>`
  );
}

const round = (value: number): number => Math.round(value * 10) / 10;
