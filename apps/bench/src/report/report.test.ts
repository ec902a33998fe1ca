import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { benches } from "../benches.ts";
import { machine } from "../measure/machine.ts";
import { type BenchResult, compare, compareRuns } from "../measure/report.ts";
import { against, compareFiles } from "./compare.ts";
import { html } from "./html.ts";
import { markdown, writeInto } from "./markdown.ts";
import type { Report } from "./report-types.ts";
import { inOrder, parse, rows, rowsNamed, words } from "./rows.ts";
import { ticks } from "./svg.ts";

const MORE = { more: ["calls"] };

/** A report of one row: `time` against 10, `calls` against 100, and `size` against a limit. */
function reportOf({ time = [10, 10, 10], calls = 90, size = 50 } = {}): Report {
  const result: BenchResult = {
    bench: "made-up",
    reference: "nothing <but> air",
    comparisons: [
      compareRuns(
        "one",
        time.map((ms) => ({ "time, ms": ms })),
        time.map(() => ({ "time, ms": 10 })),
      ),
      compare("one", { calls }, { calls: 100 }, "as it was", MORE),
      compare("one", { size }, { size: 60 }, undefined, { absolute: true }),
    ],
    tables: [{ title: "More of it", head: ["what", "dB"], rows: [["one", 3]] }],
    plots: [
      {
        title: "How it grows",
        x: "calls",
        y: "ms",
        lines: [
          {
            name: "ours",
            points: [
              [1, 2],
              [10, 4.5],
            ],
          },
        ],
      },
    ],
  };
  const when = { at: "2026-11-29T10:00:00.000Z", commit: "abc" };
  const failed = {
    ...when,
    row: "broken",
    title: "Broken",
    command: "broken",
    load: 1,
    seconds: 0,
    error: "it <broke>",
  };
  const row = { ...when, row: "row", title: "A row", command: "made-up 1", load: 1.5, seconds: 3, result };
  return {
    at: "2026-11-29T10:00:00.000Z",
    quick: true,
    machine: machine(),
    versions: { ws: "8" },
    rows: [row, failed],
  };
}

describe("a run against another", () => {
  it.each([
    ["the same", {}, []],
    ["a tenth slower is none", { time: [11, 11, 11] }, []],
    ["slower", { time: [12, 12, 12] }, ["row: one: time, ms"]],
    ["faster", { time: [1, 1, 1] }, []],
    ["fewer of what should be many", { calls: 80 }, ["row: one: calls"]],
    ["more of it", { calls: 500 }, []],
    ["larger", { size: 60 }, ["row: one: size"]],
    [
      "all of them",
      { time: [20, 20, 20], calls: 1, size: 99 },
      ["time, ms", "calls", "size"].map((name) => `row: one: ${name}`),
    ],
  ])("%s", (_name, now, fallen) => {
    expect(against(reportOf(), reportOf(now)).fallen.map(({ figure }) => figure)).toEqual(fallen);
  });

  it("takes the ratio where there is a reference, so that a slower machine is no fall", () => {
    const twice = (report: Report): Report => {
      const text = JSON.stringify(report, (key, value) =>
        ["ours", "reference"].includes(key) && typeof value === "number" && value < 20 ? value * 2 : value,
      );
      return JSON.parse(text);
    };
    expect(against(reportOf(), twice(reportOf())).fallen).toEqual([]);
  });

  it("is not certain of what lies within the spread of the runs", () => {
    const { fallen, uncertain } = against(reportOf({ time: [8, 10, 14] }), reportOf({ time: [11, 13, 15] }));
    expect(fallen).toEqual([]);
    expect(uncertain).toMatchObject([{ figure: "row: one: time, ms", what: "ratio", before: 1, now: 1.3 }]);
  });

  it("counts what only one of them has", () => {
    const less = reportOf();
    expect(against(less, { rows: [] })).toMatchObject({ compared: 0, gone: { length: 3 } });
  });
});

describe("compare", () => {
  let folder = "";
  const printed: string[] = [];
  const results = () => pathToFileURL(`${folder}/`);
  const write = (name: string, content: object): string => {
    writeFileSync(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "roomkit-compare-"));
    printed.length = 0;
    vi.spyOn(console, "log").mockImplementation((line) => void printed.push(String(line)));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    vi.restoreAllMocks();
  });

  it("takes the last two reports", () => {
    const recorded = pathToFileURL(write("recorded.json", reportOf({ calls: 10 })));
    expect(() => compareFiles([], results(), recorded)).toThrow(/no report/);
    write("report-2.json", reportOf());
    expect(compareFiles([], results(), recorded)).toBe(true);
    expect(printed.at(-1)).toMatch(/recorded\.json.*\nNothing fell/s);
    write("report-3.json", reportOf({ calls: 45 }));
    expect(compareFiles([], results(), recorded)).toBe(false);
    expect(printed.at(-1)).toMatch(/row: one: calls: ratio 0.900 -> 0.450, 50 % worse/);
  });

  it("takes the file of one benchmark", () => {
    const [{ result } = {}] = reportOf().rows;
    const [{ result: worse } = {}] = reportOf({ size: 99 }).rows;
    const [a, b] = [write("a.json", result as object), write("b.json", worse as object)];
    expect(compareFiles([a, b], results(), results())).toBe(false);
    expect(compareFiles([b, a], results(), results())).toBe(true);
  });

  it("refuses what it cannot compare", () => {
    const [a, b] = [write("a.json", reportOf()), write("b.json", {})];
    expect(() => compareFiles([a, b], results(), results())).toThrow(/no report/);
    const other = write("c.json", { rows: [] });
    expect(() => compareFiles([a, other], results(), results())).toThrow(/no figure in common/);
  });
});

describe("the rows", () => {
  it("run benchmarks that there are", () => {
    for (const { bench, full, quick } of rows) {
      expect(Object.keys(benches)).toContain(bench);
      for (const line of [full, quick])
        expect(parse(words(line)).values.every((value) => /^\d+$/.test(value))).toBe(true);
    }
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  });

  it("are chosen by name", () => {
    expect(rowsNamed(undefined)).toBe(rows);
    expect(rowsNamed("client,ws").map(({ name }) => name)).toEqual(["ws", "client"]);
    expect(() => rowsNamed("ws,w")).toThrow(/no row w; there are ws/);
  });

  it("that were not measured now stay as they were", () => {
    const of = (row: string, at: number) => ({ row, at });
    const now = [of("memory", 2), of("ws", 2)];
    expect(inOrder(now, [of("client", 1), of("ws", 1), of("gone", 1)])).toEqual([
      of("ws", 2),
      of("memory", 2),
      of("client", 1),
    ]);
  });

  it.each([
    [["50", "--seconds", "3"], ["50"], { seconds: "3" }],
    [["--quick", "--rows", "ws", "--record"], [], { quick: "", rows: "ws", record: "" }],
  ])("%j", (given, values, options) => {
    expect(parse(given)).toEqual({ values, options });
  });
});

describe("a report", () => {
  it("is a page that needs nothing else and quotes what it shows", () => {
    const page = html(reportOf());
    expect(page).toContain("<polyline");
    expect(page).toContain("nothing &#60;but&#62; air");
    expect(page).toContain("it &#60;broke&#62;");
    expect(page).not.toMatch(/<script|src=|NaN|undefined/);
  });

  it("is tables, whose cells are as many as their heads", () => {
    const text = markdown(reportOf());
    expect(text).toContain("| one | time, ms | 10 (10-10) | 10 (10-10) | 1 |");
    expect(text).toContain("- one: as it was");
    expect(text).toContain("No result: it <broke>");
    const counts = text
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .map((line) => line.split("|").length);
    expect(new Set(counts)).toEqual(new Set([7, 4]));
  });

  it("has axes of round numbers", () => {
    expect(ticks(0.7)).toEqual([0, 0.2, 0.4, 0.6, 0.8]);
    expect(ticks(1_000)).toEqual([0, 200, 400, 600, 800, 1_000]);
    expect(ticks(0)).toEqual([0, 1]);
  });

  it("is what docs/benchmarks.md shows", () => {
    const [json, page] = ["json", "md"].map(
      (ending) => new URL(`../../../../docs/benchmarks.${ending}`, import.meta.url),
    );
    const text = readFileSync(page as URL, "utf8");
    // Its tables are drawn to be read.
    const plain = (drawn: string): string => drawn.replace(/ +\|/g, " |").replace(/-{3,}/g, "---");
    const whole: Report = JSON.parse(readFileSync(json as URL, "utf8"));
    expect(plain(writeInto(text, markdown(whole)))).toBe(plain(text));
    expect(new Set(whole.rows.map(({ row }) => row))).toEqual(new Set(rows.map(({ name }) => name)));
    expect(() => writeInto("# No place", "")).toThrow(/no place/);
  });
});
