import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bench, type Comparison, compare, compareRuns, numberOption } from "../measure/report.ts";
import { installed } from "./installed.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../../../", import.meta.url));
const ours = (...names: string[]): string[] => names.map((name) => `@roomkit/${name}`);
const channels = ["core", "channel-voice", "channel-ai", "pipeline"] as const;

/** What an application installs, beside the library under it alone. */
const stacks: readonly { readonly name: string; readonly ours: readonly string[]; readonly bare: readonly string[] }[] =
  [
    {
      name: "WebSocket",
      ours: ours(...channels, "backend-ws", "codec-mulaw", "vad-energy"),
      bare: ["ws"],
    },
    {
      name: "WebRTC on werift",
      ours: ours(...channels, "transport-webrtc", "webrtc-engine-werift", "codec-opus", "vad-energy"),
      bare: ["werift"],
    },
    {
      name: "WebRTC on node-datachannel",
      ours: ours(...channels, "transport-webrtc", "webrtc-engine-node-datachannel", "codec-opus", "vad-energy"),
      bare: ["node-datachannel"],
    },
    {
      name: "local recogniser, voice and VAD, with their models",
      ours: ours("provider-moonshine", "provider-flite", "vad-silero"),
      bare: ["sherpa-onnx-node"],
    },
  ];

/**
 * What each stack puts on the disk, and how long plain Node takes to load it: `stacks [--rounds 5]`. The packages are those that are published:
 * compiled first, where that is not done.
 */
export const stackSizes: Bench = async (args) => {
  const rounds = Math.floor(numberOption(args, "rounds", 5, [1, 100]));
  const roots = stacks.flatMap((stack) => stack.ours).map((name) => name.replace("@roomkit", "packages"));
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-b", ...new Set(roots)], { cwd: root, stdio: "inherit" });
  const comparisons: Comparison[] = [];
  for (const stack of stacks) {
    const [own, bare] = [installed(stack.ours, folder), installed(stack.bare, folder)];
    const sizes = (of: typeof own) => ({ "installed, MB": of.bytes / 2 ** 20, "packages installed": of.packages });
    comparisons.push(compare(`${stack.name}: size`, sizes(own), sizes(bare), undefined, { absolute: true }));
    const [ourLoads, bareLoads]: [Loaded[], Loaded[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      bareLoads.push(load(stack.bare));
      ourLoads.push(load(stack.ours));
    }
    comparisons.push(compareRuns(`${stack.name}: start`, ourLoads, bareLoads));
  }
  return { bench: "stacks", reference: "the library under it alone", comparisons };
};

type Loaded = Readonly<Record<"loaded after, ms" | "CPU until loaded, ms" | "memory once loaded, MB", number>>;

/** A process of plain Node that loads packages and ends. */
function load(names: readonly string[]): Loaded {
  const program = `
    await Promise.all(${JSON.stringify(names)}.map((name) => import(name)));
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({
      "loaded after, ms": performance.now(),
      "CPU until loaded, ms": (user + system) / 1000,
      "memory once loaded, MB": process.memoryUsage.rss() / 2 ** 20,
    }));
    process.exit();`;
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const args = ["--input-type=module", "-e", program];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: folder, env, encoding: "utf8", timeout: 60_000 }));
}
