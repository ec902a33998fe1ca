import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { benches } from "./benches.ts";
import { type BenchResult, compare, counts, numberOption, save, table } from "./measure/report.ts";
import { percentile } from "./measure/statistics.ts";

/** The smallest run of each. Nothing here says how fast anything is: only that it is measured. */
const tiny: Record<string, { values: string[]; options: Record<string, string> }> = {
  aec: { values: [], options: { frames: "20", rounds: "1", rooms: "1" } },
  agc: { values: [], options: { frames: "20", rounds: "1" } },
  "client-size": { values: [], options: {} },
  codecs: { values: [], options: { samples: "50000", rounds: "1" } },
  denoiser: { values: [], options: { frames: "20", rounds: "1", seconds: "3", ratios: "1", clips: "0" } },
  dtmf: { values: [], options: { frames: "20", rounds: "1", presses: "16", minutes: "1" } },
  "echo-guard": { values: [], options: { frames: "20", rounds: "1", rooms: "0" } },
  handshakes: { values: ["20"], options: { runs: "1" } },
  hears: { values: [], options: { clips: "1", places: "1", loss: "5", browser: "no" } },
  judge: { values: ["synthetic", "noises"], options: { cases: "3", noises: "1" } },
  lab: { values: [], options: { minutes: "0.1" } },
  // One call is taken, the others ask for as long as it is measured.
  latency: { values: [], options: { turns: "1" } },
  overload: { values: ["3"], options: { calls: "1", workers: "1", rate: "20", seconds: "1.2", warm: "0" } },
  pipeline: { values: [], options: { frames: "20", rounds: "1" } },
  providers: { values: ["anthropic", "openai, first text"], options: { calls: "2" } },
  recorder: { values: [], options: { frames: "100", rounds: "1" } },
  selfhear: { values: [], options: { seconds: "14", rooms: "1" } },
  situations: { values: ["question"], options: { over: "ws", voice: "slt" } },
  soak: { values: ["2"], options: { minutes: "0.1" } },
  speech: { values: ["1", "2"], options: { clips: "1" } },
  stacks: { values: [], options: { rounds: "1" } },
  // A sound begins every 800 ms.
  stores: { values: ["2"], options: { events: "20", runs: "1", calls: "1", seconds: "1.2", only: "memory" } },
  turn: { values: [], options: { turns: "1" } },
  turns: { values: [], options: { cases: "2", rounds: "1" } },
  vad: { values: [], options: { frames: "20", rounds: "1", clips: "2", ratios: "1" } },
  webrtc: { values: ["1"], options: { seconds: "1.2", warm: "0", loss: "20" } },
  ws: { values: ["2"], options: { seconds: "1.2", warm: "0", runs: "1", client: "node" } },
  "ws-capacity": {
    values: [],
    options: { from: "1", most: "1", seconds: "1.2", warm: "0", runs: "1", delay: "2000", whole: "0" },
  },
  "ws-memory": { values: ["2", "3"], options: { connects: "12", batches: "3", seconds: "0.2", runs: "1" } },
};

describe("every benchmark", () => {
  it("has a tiny size", () => {
    expect(Object.keys(tiny)).toEqual(Object.keys(benches).sort());
  });

  it.each(Object.entries(benches))("%s gives finite ratios", { timeout: 300_000 }, async (name, bench) => {
    const result = await bench(tiny[name] as (typeof tiny)[string]);
    expect(result.bench).toBe(name);
    const figures = result.comparisons.flatMap((comparison) => comparison.figures);
    expect(figures.length).toBeGreaterThan(1);
    for (const { name: figure, ours, reference, ratio } of figures) {
      // Of a few lost packets all may have been recovered, and a thread with nothing to do is not late.
      const least = /made up|missed|late|drift/.test(figure) ? 0 : Number.MIN_VALUE;
      expect(ours, figure).toBeGreaterThanOrEqual(least);
      expect(reference, figure).toBeGreaterThan(0);
      expect(Number.isFinite(ratio), figure).toBe(true);
    }
    for (const { head, rows } of result.tables ?? []) {
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(row).toHaveLength(head.length);
    }
    if (name === "overload") {
      expect(result.comparisons[0]?.note).toMatch(/^1 taken, 2 not, \d+ offers refused with 503 server_busy/);
    }
  });
});

describe("the README", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const sources = readdirSync(new URL(".", import.meta.url), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => readFileSync(new URL(file, import.meta.url), "utf8"));

  it("names every benchmark", () => {
    expect(Object.keys(benches).filter((name) => !readme.includes(`| \`${name}\` `))).toEqual([]);
  });

  it("names every option", () => {
    const read = /numberOption\(\s*args,\s*"([\w-]+)"|\.options\.(\w+)/g;
    const options = sources.flatMap((text) =>
      [...text.matchAll(read)].map(([, number, other]) => number ?? other ?? ""),
    );
    expect(options.length).toBeGreaterThan(20);
    expect([...new Set(options)].filter((name) => !readme.includes(`--${name}`))).toEqual([]);
  });
});

describe("what they share", () => {
  const result: BenchResult = {
    bench: "made-up",
    reference: "nothing",
    comparisons: [compare("one", { "time, ms": 3, odd: 1 }, { "time, ms": 2 })],
  };

  it("puts both sides beside each other", () => {
    expect(result.comparisons[0]?.figures).toEqual([{ name: "time, ms", ours: 3, reference: 2, ratio: 1.5 }]);
    expect(table(result).split("\n")[1]).toMatch(/^one\s+time, ms\s+3\s+2\s+1\.5$/);
  });

  it("tells what happened that is no figure", () => {
    const noted: BenchResult = { ...result, comparisons: [compare("one", {}, {}, "two of them refused")] };
    expect(table(noted).split("\n")[1]).toBe("one: two of them refused");
  });

  it("prints figures that stand for themselves as a README has them", () => {
    const tables = [{ title: "how good", head: ["what", "dB"], rows: [["one", 3]] }];
    expect(table({ ...result, tables })).toMatch(/\n\nhow good\n\n\| what \| dB \|\n\| --- \| --- \|\n\| one \| 3 \|$/);
  });

  it("takes percentiles by the nearest rank", () => {
    expect([0, 0.5, 0.99, 1].map((share) => percentile([4, 1, 3, 2], share))).toEqual([1, 2, 4, 4]);
    expect(percentile([], 0.5)).toBeNaN();
  });

  it("refuses arguments that make no sense", () => {
    expect(counts({ values: ["50"], options: {} }, [1], 100)).toEqual([50]);
    expect(() => counts({ values: ["many"], options: {} }, [1], 100)).toThrow(/whole numbers/);
    expect(() => counts({ values: ["101"], options: {} }, [1], 100)).toThrow(/1 to 100/);
    expect(() => numberOption({ values: [], options: { seconds: "x" } }, "seconds", 1, [0, 9])).toThrow(/0 to 9/);
  });

  it("writes the result and the machine's load", async () => {
    const folder = mkdtempSync(join(tmpdir(), "roomkit-bench-"));
    try {
      const written = JSON.parse(readFileSync(await save(result, pathToFileURL(`${folder}/`)), "utf8"));
      expect(written).toMatchObject({
        ...JSON.parse(JSON.stringify(result)),
        machine: { load: [expect.any(Number), expect.any(Number), expect.any(Number)] },
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
