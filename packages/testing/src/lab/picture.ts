import type { CallerLab } from "./lab.ts";
import type { TraceEntry } from "./trace.ts";

const ROW_MS = 8_000;
const WIDTH = 1_200;
const LEFT = 84;
const RIGHT = 16;
const HEAD = 52;
const LANE = 44;
const GAP = 10;
const FRAME_MS = 20;

/** Colours that can be read on white and on black. */
const STYLE = `
svg{font:12px system-ui,sans-serif;--paper:#fff;--ink:#1d2530;--faint:#6b7684;--rule:#d9dee5;--caller:#1f6fc4;--assistant:#2c8a4b;--echo:#b26a00;--cut:#c62f3c;--listening:#e4effa;--thinking:#fbefd3;--speaking:#def3e4}
@media(prefers-color-scheme:dark){svg{--paper:#14181e;--ink:#e6eaf0;--faint:#98a3b1;--rule:#323a45;--caller:#6cb0f5;--assistant:#68cf8a;--echo:#eba94a;--cut:#ff7b86;--listening:#1a2c40;--thinking:#423615;--speaking:#173823}}
.paper{fill:var(--paper)}text{fill:var(--ink)}.faint{fill:var(--faint)}.rule{stroke:var(--rule)}.title{font-size:15px;font-weight:600}
.caller{fill:var(--caller)}.assistant{fill:var(--assistant)}.echo{fill:var(--echo)}.cut{fill:var(--cut)}.cutline{stroke:var(--cut);stroke-width:1.5}
.listening{fill:var(--listening)}.thinking{fill:var(--thinking)}.speaking{fill:var(--speaking)}.small{font-size:10px}.mark{stroke:var(--faint);stroke-dasharray:2 2}`;

/**
 * A call as an SVG picture, 8 s a row: what the caller's microphone got, what came back into it, what was heard of the assistant, with words,
 * states and events. Light or dark as whoever looks at it has it. The same bytes for the same call.
 */
export function pictureOf(lab: CallerLab, title = "A call"): string {
  const rows = Math.max(1, Math.ceil(lab.now / ROW_MS));
  const echoes = lab.lanes.echo.some((level) => level > 0);
  const height = rowHeight(echoes);
  const all = Array.from({ length: rows }, (_, i) => row(lab, i * ROW_MS, HEAD + i * height, echoes));
  const total = HEAD + rows * height;
  const turns = lab.client.turns.length;
  const cuts = lab.ear.spans.filter(({ cleared }) => cleared).length;
  const facts = `${(lab.now / 1000).toFixed(1)} s, ${count(turns, "turn")} of the caller, ${count(cuts, "time")} cut off`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${total}" viewBox="0 0 ${WIDTH} ${total}">`,
    `<style>${STYLE}</style><rect class="paper" width="100%" height="100%"/>`,
    `<text class="title" x="16" y="24">${escaped(title)}</text><text class="faint" x="16" y="42">${facts}</text>`,
    ...all,
    "</svg>\n",
  ].join("\n");
}

/** Above the lanes: marks of what happened, two lines. Below: the words of each, the states, the time. */
function rowHeight(echoes: boolean): number {
  return 34 + LANE + 16 + (echoes ? LANE / 2 + GAP : 0) + LANE + 16 + 18 + 22;
}

function row(lab: CallerLab, from: number, top: number, echoes: boolean): string {
  const to = Math.min(from + ROW_MS, Math.max(lab.now, from + 1));
  const inside = <T extends { readonly fromMs: number; readonly toMs?: number }>(all: readonly T[]): T[] =>
    all.filter(({ fromMs, toMs = to }) => fromMs < to && toMs > from);
  const events = lab.trace.entries.filter(({ t }) => t >= from && t < from + ROW_MS);
  const callerTop = top + 34;
  const echoTop = callerTop + LANE + 16;
  const earTop = echoTop + (echoes ? LANE / 2 + GAP : 0);
  const stateTop = earTop + LANE + 16;
  const said = inside(lab.said);
  const x = (ms: number): string => place(ms, from);
  return [
    grid(from, top + 30, stateTop + 18),
    lane("caller", lab.lanes.caller, from, callerTop, LANE),
    words(
      said.map(({ text, what, fromMs }) => ({ fromMs, text: text || what, kind: text === "" ? "faint" : "caller" })),
      from,
      callerTop + LANE + 11,
    ),
    echoes ? lane("echo", lab.lanes.echo, from, echoTop, LANE / 2) : "",
    lane("assistant", lab.lanes.assistant, from, earTop, LANE),
    words(
      inside(lab.ear.words).map((word) => ({ ...word, kind: "assistant" })),
      from,
      earTop + LANE + 11,
    ),
    ...inside(lab.ear.spans).map(({ toMs, cleared }) =>
      cleared && toMs !== undefined && toMs <= to
        ? `<line class="cutline" x1="${x(toMs)}" x2="${x(toMs)}" y1="${earTop}" y2="${earTop + LANE}"/>`
        : "",
    ),
    states(lab, from, to, stateTop),
    marks(events, from, top + 12, stateTop),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function place(ms: number, from: number): string {
  return (LEFT + (Math.max(0, Math.min(ROW_MS, ms - from)) / ROW_MS) * (WIDTH - LEFT - RIGHT)).toFixed(1);
}

function grid(from: number, top: number, bottom: number): string {
  return Array.from({ length: ROW_MS / 1000 + 1 }, (_, second) => {
    const at = place(from + second * 1000, from);
    const label = `<text class="faint small" x="${at}" y="${bottom + 13}" text-anchor="middle">${from / 1000 + second} s</text>`;
    return `<line class="rule" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}"/>${label}`;
  }).join("");
}

/** A waveform by its peaks, around a middle line; loud and quiet brought closer, as ears do. */
function lane(name: string, peaks: readonly number[], from: number, top: number, height: number): string {
  const middle = top + height / 2;
  const points = peaks.slice(from / FRAME_MS, (from + ROW_MS) / FRAME_MS).map((level, i) => ({
    x: place(from + i * FRAME_MS, from),
    half: Math.sqrt(level / 32_768) * (height / 2),
  }));
  const upper = points.map(({ x, half }) => `${x} ${(middle - half - 0.4).toFixed(1)}`);
  const lower = points.map(({ x, half }) => `${x} ${(middle + half + 0.4).toFixed(1)}`).reverse();
  const path = points.length === 0 ? "" : `<path class="${name}" d="M${[...upper, ...lower].join("L")}Z"/>`;
  return `<text class="${name}" x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${name}</text>${path}`;
}

/** Texts where they begin; those that would lie on one another are cut short. */
function words(
  all: readonly { readonly text: string; readonly fromMs: number; readonly kind: string }[],
  from: number,
  y: number,
): string {
  const perChar = 5;
  return all
    .map(({ text, fromMs, kind }, i) => {
      const x = Number(place(fromMs, from));
      const next = all[i + 1] ? Number(place(all[i + 1]?.fromMs ?? 0, from)) : WIDTH - RIGHT;
      const fits = Math.max(1, Math.floor((next - x - 2) / perChar));
      const shown = text.length <= fits ? text : fits < 3 ? text.slice(0, fits) : `${text.slice(0, fits - 1)}…`;
      return `<text class="${kind} small" x="${x}" y="${y}">${escaped(shown)}</text>`;
    })
    .join("");
}

function states(lab: CallerLab, from: number, to: number, top: number): string {
  const all = lab.client.of("state");
  const boxes = all.map(({ state, atMs }, i) => {
    const end = Math.min(all[i + 1]?.atMs ?? lab.now, to);
    const begin = Math.max(atMs, from);
    if (begin >= end) return "";
    const [x, right] = [Number(place(begin, from)), Number(place(end, from))];
    const label = right - x > 48 ? `<text class="small" x="${x + 4}" y="${top + 12}">${state}</text>` : "";
    return `<rect class="${state}" x="${x}" y="${top}" width="${(right - x).toFixed(1)}" height="16"/>${label}`;
  });
  return `<text class="faint" x="${LEFT - 10}" y="${top + 12}" text-anchor="end">state</text>${boxes.join("")}`;
}

/** What is worth a mark, by what it says. */
function marked({ who, what, code, digit, text, role, ms }: TraceEntry): { label: string; kind: string } | undefined {
  if (who === "ear") return what === "is cut off" ? { label: "cut off", kind: "cut" } : undefined;
  if (who === "line") return { label: `${what}: ${code}`, kind: "cut" };
  if (who === "client") {
    if (what === "error") return { label: `error: ${code}`, kind: "cut" };
    return what === "final" && role === "user" ? { label: `turn: ${text}`, kind: "caller" } : undefined;
  }
  // Sounds and pauses are in the lanes.
  if (ms !== undefined) return undefined;
  return { label: `${what}${digit ? ` ${digit}` : ""}`, kind: "faint" };
}

/** Labels above the lanes, on two lines in turn, so that neighbours can be read. */
function marks(events: readonly TraceEntry[], from: number, top: number, bottom: number): string {
  const free = [0, 0];
  return events
    .flatMap((entry) => {
      const mark = marked(entry);
      if (!mark) return [];
      const x = Number(place(entry.t, from));
      const line = free.findIndex((until) => until <= x);
      const y = top + 13 * Math.max(0, line);
      const label = mark.label.length > 34 ? `${mark.label.slice(0, 33)}…` : mark.label;
      if (line >= 0) free[line] = x + label.length * 5.6 + 8;
      const outside = x + label.length * 5.6 > WIDTH;
      const where = outside ? `x="${x - 3}" text-anchor="end"` : `x="${x + 3}"`;
      const text = line < 0 ? "" : `<text class="${mark.kind} small" ${where} y="${y}">${escaped(label)}</text>`;
      return [`<line class="mark" x1="${x}" x2="${x}" y1="${y - 8}" y2="${bottom}"/>${text}`];
    })
    .join("");
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
