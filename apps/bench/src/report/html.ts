import { type BenchResult, digits, type Figure, withRange } from "../measure/report.ts";
import type { MeasuredRow, Report } from "./report-types.ts";
import { escaped, svg } from "./svg.ts";

/** A report as one page that needs nothing else. */
export function html({ at, quick, machine, versions, rows }: Report): string {
  const facts = {
    measured: `${at.slice(0, 16).replace("T", " ")} UTC${quick ? " (quick)" : ""}`,
    machine: `${machine.cores} cores, ${machine.cpu}, ${machine.memoryGb} GB, ${machine.platform}`,
    load: `${machine.load.join(", ")} over 1, 5 and 15 minutes before it began`,
    ...versions,
  };
  const list = Object.entries(facts).map(([name, fact]) => `<dt>${escaped(name)}</dt><dd>${escaped(fact)}</dd>`);
  const links = rows.map(({ row, title }) => `<li><a href="#${row}">${escaped(title)}</a></li>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>RoomKit benchmarks, ${at.slice(0, 10)}</title>
<style>${style}</style>
</head>
<body>
<h1>RoomKit benchmarks</h1>
<p>Each figure stands beside the same figure of a bare reference that was measured in the same run. The ratio is what to read: a busy machine makes both slower.</p>
<dl>${list.join("")}</dl>
<nav aria-label="Benchmarks"><ul>${links.join("")}</ul></nav>
<main>
${rows.map(section).join("\n")}
</main>
</body>
</html>
`;
}

function section({ row, title, command, commit, load, seconds, result, error }: MeasuredRow): string {
  const head = `<h2 id="${row}">${escaped(title)}</h2><p><code>npm run bench -- ${escaped(command)}</code><br>commit ${escaped(commit)}, ${seconds} s, load before it ${load}</p>`;
  if (!result) return `<section>${head}<p class="worse">No result: ${escaped(error ?? "")}</p></section>`;
  const plots = (result.plots ?? []).filter(({ lines }) => lines.some(({ points }) => points.length > 1)).map(svg);
  return `<section>${head}<div class="plots">${plots.join("")}</div>${figures(result)}${more(result)}</section>`;
}

function figures({ reference, comparisons }: BenchResult): string {
  const rows = comparisons.map(({ label, figures: all, note }) => {
    const cells = all.map(
      (figure) =>
        `<tr><td>${escaped(figure.name)}</td><td>${withRange(figure.ours, figure.range?.ours)}</td>` +
        `<td>${withRange(figure.reference, figure.range?.reference)}</td><td>${bar(figure)}</td></tr>`,
    );
    const said = note === undefined ? "" : `<tr><td colspan="4" class="note">${escaped(note)}</td></tr>`;
    return `<tbody><tr><th colspan="4" scope="rowgroup">${escaped(label)}</th></tr>${cells.join("")}${said}</tbody>`;
  });
  return `<div class="scroll"><table><thead><tr><th>figure</th><th>ours</th><th>reference</th><th>ratio</th></tr></thead>${rows.join("")}</table></div><p class="note">Reference: ${escaped(reference)}.</p>`;
}

/** A ratio, and how far it is from 1 on a logarithmic scale that ends at a tenth and at ten times. */
function bar({ ratio, more, absolute }: Figure): string {
  if (!(ratio > 0)) return digits(ratio);
  const share = Math.min(1, Math.abs(Math.log10(ratio))) * 50;
  const from = ratio < 1 ? 50 - share : 50;
  const worse = more ? ratio < 0.99 : ratio > 1.01;
  const kind = absolute ? "neutral" : worse ? "worse" : "better";
  return `<span class="ratio"><span>${digits(ratio)}</span><svg class="bar ${kind}" viewBox="0 0 100 10" aria-hidden="true"><rect x="${from}" width="${Math.max(1, share)}" height="10"/><line x1="50" x2="50" y1="0" y2="10"/></svg></span>`;
}

function more({ tables = [] }: BenchResult): string {
  return tables
    .map(({ title, head, rows }) => {
      const line = (cells: readonly (string | number)[], tag: string): string =>
        `<tr>${cells.map((cell) => `<${tag}>${escaped(typeof cell === "number" ? digits(cell) : cell)}</${tag}>`).join("")}</tr>`;
      return `<details><summary>${escaped(title)}</summary><div class="scroll"><table><thead>${line(head, "th")}</thead><tbody>${rows.map((row) => line(row, "td")).join("")}</tbody></table></div></details>`;
    })
    .join("");
}

const style = `
:root { --back: #fff; --text: #1c2024; --soft: #5b6470; --grid: #d9dde2; --a: #0b63c5; --b: #a14f00; --good: #1b7f4b; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --back: #14171a; --text: #e8eaed; --soft: #a3abb5; --grid: #343a41; --a: #7ab8ff; --b: #ffb066; --good: #6cd39b; --bad: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.25rem; }
a { color: var(--a); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 1rem; margin: 1rem 0; font-size: 0.9rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; padding: 0; list-style: none; }
code { font-size: 0.9em; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem; }
figure { margin: 0; min-width: 0; max-width: 36rem; }
figcaption { font-weight: 600; font-size: 0.9rem; }
figure svg { width: 100%; height: auto; }
svg text { fill: var(--soft); font: 13px system-ui, sans-serif; }
.grid { stroke: var(--grid); }
.legend { font-weight: 400; margin-left: 0.5rem; } .legend span { margin-right: 0.75rem; } .legend span::before { content: "\\25CF "; }
.line-0 { color: var(--a); } .line-1 { color: var(--b); } .line-2 { color: var(--good); } .line-3 { color: var(--bad); }
polyline { fill: none; stroke: currentColor; stroke-width: 2; } circle { fill: currentColor; }
.axis, .note { color: var(--soft); font-size: 0.85rem; margin: 0.25rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid var(--grid); vertical-align: top; }
tbody th { padding-top: 0.75rem; }
.ratio { display: flex; gap: 0.5rem; align-items: center; }
.ratio span { min-width: 2.75rem; }
.bar { width: 5rem; height: 0.6rem; flex: none; background: color-mix(in srgb, var(--grid) 50%, transparent); }
.bar line { stroke: var(--soft); } .bar.worse rect { fill: var(--b); } .bar.better rect { fill: var(--good); } .bar.neutral rect { fill: var(--soft); }
.worse { color: var(--bad); }
summary { cursor: pointer; margin: 0.5rem 0; }
@media (max-width: 32rem) { svg text { font-size: 22px; } .bar { display: none; } th, td { padding-right: 0.5rem; } }
`;
