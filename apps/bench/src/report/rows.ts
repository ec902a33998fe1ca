import type { BenchArguments } from "../measure/report.ts";

/** A benchmark with its sizes, as the report runs it. */
export interface Row {
  /** What `--rows` calls it. */
  readonly name: string;
  readonly title: string;
  readonly bench: string;
  readonly full: string;
  /** With `--quick`: enough to see that nothing has become another thing, not to publish it. */
  readonly quick: string;
}

export const rows: readonly Row[] = [
  {
    name: "ws",
    title: "Calls over WebSocket",
    bench: "ws",
    full: "1 10 20 50 100",
    quick: "10 50 --seconds 3 --runs 3",
  },
  {
    name: "capacity",
    title: "Calls before a core is full",
    bench: "ws-capacity",
    full: "",
    quick: "--seconds 3 --runs 1",
  },
  {
    name: "drift",
    title: "Pacing and drift of long calls",
    bench: "ws",
    full: "25 --seconds 600 --runs 1",
    quick: "25 --seconds 20 --runs 1",
  },
  {
    name: "memory",
    title: "Memory of a call, and what short ones leave behind",
    bench: "ws-memory",
    full: "50 200 400 --connects 10000",
    quick: "50 200 400 --connects 1000 --batches 5 --runs 1",
  },
  {
    name: "handshakes",
    title: "Letting callers in",
    bench: "handshakes",
    full: "5000",
    quick: "1000 --runs 1",
  },
  {
    name: "latency",
    title: "End of speech to first audio, onset to silence",
    bench: "latency",
    full: "--turns 20 --local 1",
    quick: "--turns 4 --local 1",
  },
  { name: "turn", title: "What the framework adds to a turn", bench: "turn", full: "--turns 50", quick: "--turns 10" },
  {
    name: "speech",
    title: "Local recogniser and voice",
    bench: "speech",
    full: "1 2 4 --clips 12",
    quick: "1 2 4 --clips 3",
  },
  {
    name: "webrtc",
    title: "Calls over WebRTC, Opus both ways",
    bench: "webrtc",
    full: "1 12 25 --codec wasm,@evan/opus",
    quick: "5 --seconds 3 --codec wasm,@evan/opus",
  },
  { name: "codecs", title: "Codecs", bench: "codecs", full: "", quick: "--samples 400000 --rounds 3" },
  {
    name: "pipeline",
    title: "Stages of the audio path",
    bench: "pipeline",
    full: "",
    quick: "--frames 300 --rounds 3",
  },
  {
    name: "stores",
    title: "Keeping conversations",
    bench: "stores",
    full: "",
    quick: "--events 500 --runs 1 --seconds 3",
  },
  { name: "stacks", title: "Installed, and loaded", bench: "stacks", full: "", quick: "--rounds 3" },
  { name: "client", title: "What a page loads", bench: "client-size", full: "", quick: "" },
];

/** The rows a comma-separated list names, in the order above; all without a list. @throws Error for one that is none */
export function rowsNamed(names: string | undefined): readonly Row[] {
  if (names === undefined) return rows;
  const wanted = names.split(",");
  const unknown = wanted.find((name) => !rows.some((row) => row.name === name));
  if (unknown !== undefined) throw new Error(`no row ${unknown}; there are ${rows.map(({ name }) => name).join(", ")}`);
  return rows.filter(({ name }) => wanted.includes(name));
}

/** Rows as they stand above, those that were not measured now as they were before. */
export function inOrder<R extends { readonly row: string }>(now: readonly R[], before: readonly R[]): R[] {
  return rows.flatMap(
    ({ name }) => now.find(({ row }) => row === name) ?? before.find(({ row }) => row === name) ?? [],
  );
}

/** `50 --seconds 3 --quick`: values, and options with theirs; one that has none is empty. */
export function parse(words: readonly string[]): BenchArguments {
  const values: string[] = [];
  const options: Record<string, string> = {};
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (!word.startsWith("--")) values.push(word);
    else options[word.slice(2)] = words[i + 1]?.startsWith("--") === false ? (words[++i] as string) : "";
  }
  return { values, options };
}

export const words = (line: string): string[] => line.split(" ").filter((word) => word !== "");
