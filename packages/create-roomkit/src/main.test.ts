import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { main } from "./main.ts";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "create-roomkit-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

interface Run {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

const text = (stream: PassThrough): (() => string) => {
  let all = "";
  stream.on("data", (chunk) => {
    all += chunk;
  });
  return () => all;
};

/** Runs it where nobody can answer. */
async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const [output, errors] = [new PassThrough(), new PassThrough()];
  const [said, wrong] = [text(output), text(errors)];
  const code = await main({ args, cwd, env, input: new PassThrough(), output, errors });
  return { code, output: said(), errors: wrong() };
}

const manifest = (name: string) => JSON.parse(readFileSync(join(cwd, name, "package.json"), "utf8"));

const KEYS = { enter: "\r", down: "\u001b[B", cancel: "\u0003", end: "\u0004" } as const;

/** Runs it at a terminal, where each question that is asked is answered by keys. */
async function answer(
  answers: readonly (readonly [question: string, ...keys: string[]])[],
  args: readonly string[] = [],
): Promise<Run> {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  Object.assign(input, { isTTY: true, setRawMode: () => input });
  Object.assign(output, { isTTY: true, columns: 80, rows: 24 });
  const [said, wrong] = [text(output), text(errors)];
  const running = main({ args, cwd, env: {}, input, output, errors });
  let over = false;
  void running.then(() => {
    over = true;
  });
  for (const [question, ...keys] of answers) {
    await expect.poll(said, { timeout: 10_000 }).toContain(question);
    for (const key of keys) {
      input.write(key);
      await new Promise((done) => setTimeout(done, 20));
    }
  }
  await expect.poll(() => over, { timeout: 10_000 }).toBe(true);
  return { code: await running, output: said(), errors: wrong() };
}

describe("the command line", () => {
  it("asks nothing where nobody can answer, and takes the first of each", async () => {
    const { code, output, errors } = await run([]);
    expect([code, errors]).toEqual([0, ""]);
    expect(output).toContain("  cd roomkit-app\n  npm install\n  npm run dev\n");
    expect(output).not.toContain("KEY");
    expect(Object.keys(manifest("roomkit-app").dependencies)).toEqual(["@roomkit/client", "esbuild", "roomkit"]);
    expect(existsSync(join(cwd, "roomkit-app/node_modules"))).toBe(false);
  });

  it("takes what it is told", async () => {
    const { code, output } = await run(
      "deep/er --where hono --how voice --model anthropic --stt deepgram --tts elevenlabs -y".split(" "),
    );
    expect(code).toBe(0);
    expect(output).toContain("ANTHROPIC_API_KEY, DEEPGRAM_API_KEY, ELEVENLABS_API_KEY");
    const { name, dependencies } = manifest("deep/er");
    expect(name).toBe("er");
    expect(Object.keys(dependencies)).toEqual(
      expect.arrayContaining(["@hono/node-server", "@roomkit/provider-elevenlabs", "hono"]),
    );
  });

  it.each([
    ["pnpm/10.34.9 npm/? node/v20.20.2 linux x64", "  pnpm install\n  pnpm dev\n", ["pnpm-workspace.yaml"]],
    ["yarn/1.22.22 npm/? node/v20.20.2 linux x64", "  yarn install\n  yarn dev\n", []],
    ["yarn/4.18.1 npm/? node/v20.20.2 linux x64", "  yarn install\n  yarn dev\n", [".yarnrc.yml"]],
    ["npm/11.19.1 node/v20.20.2 linux x64 workspaces/false", "  npm install\n  npm run dev\n", []],
    ["bun/1.3.0 npm/? node/v24.3.0 linux x64", "  bun install\n  bun run dev\n", []],
    ["something else", "  npm install\n  npm run dev\n", []],
  ])("knows %s", async (npm_config_user_agent, steps, more) => {
    const { output } = await run(["app"], { npm_config_user_agent });
    expect(output).toContain(steps);
    const plain = [".env.example", ".gitignore", "README.md", "package.json", "page", "src"];
    const configs = ["tsconfig.build.json", "tsconfig.json"];
    expect(readdirSync(join(cwd, "app")).sort()).toEqual([...plain, ...configs, ...more].sort());
  });

  it.each([
    ["--frob", "invalid_option: Unknown option '--frob'"],
    ["--where", "invalid_option: Option '--where <value>' argument missing"],
    ["--where koa", "invalid_option: --where is one of node, hono, express, fastify, next"],
    [
      "--how realtime --model anthropic",
      'invalid_option: --model is one of local, openai, gemini, not "anthropic": --how voice has it\n',
    ],
    [
      "--model gemini",
      'invalid_option: --model is one of local, anthropic, openai, ai-sdk, not "gemini": --how realtime has it\n',
    ],
    ["--how voice --model hal", 'invalid_option: --model is one of local, anthropic, openai, ai-sdk, not "hal"\n'],
    ["--how realtime --stt deepgram", "invalid_option: --stt and --tts are for --how voice"],
    ["--tts alexa", "invalid_option: --tts is one of local, elevenlabs"],
    ["one two", "invalid_option: one folder is enough"],
    ["My-App", 'invalid_name: "My-App"'],
    ["node_modules", 'invalid_name: "node_modules"'],
    [".hidden", 'invalid_name: ".hidden"'],
    ["a".repeat(215), "invalid_name: "],
  ])("refuses %s, with code and exit code 2", async (line, message) => {
    const { code, errors, output } = await run(line.split(" "));
    expect(code).toBe(2);
    expect(errors).toContain(`create-roomkit: ${message}`);
    expect([output, readdirSync(cwd)]).toEqual(["", []]);
  });

  it("refuses a folder that is not empty, and writes nothing there", async () => {
    mkdirSync(join(cwd, "app"));
    writeFileSync(join(cwd, "app", "mine.txt"), "mine");
    const { code, errors } = await run(["app"]);
    expect(code).toBe(1);
    expect(errors).toContain(`folder_not_empty: ${join(cwd, "app")} is not empty: it has mine.txt.`);
    expect(readdirSync(join(cwd, "app"))).toEqual(["mine.txt"]);
    writeFileSync(join(cwd, "file"), "");
    expect((await run(["file"])).errors).toContain("folder_not_empty");
  });

  it("takes a folder with nothing but a repository in it, also the one it stands in", async () => {
    mkdirSync(join(cwd, "app", ".git"), { recursive: true });
    cwd = join(cwd, "app");
    const { code, output } = await run(["."]);
    expect(code).toBe(0);
    expect(output).not.toContain("  cd ");
    expect(JSON.parse(readFileSync(join(cwd, "package.json"), "utf8")).name).toBe("app");
    cwd = join(cwd, "..");
  });

  it("says why files cannot be written", async () => {
    writeFileSync(join(cwd, "file"), "");
    const { code, errors } = await run(["file/app"]);
    expect(code).toBe(1);
    expect(errors).toContain("write_failed");
  });

  it("tells its flags and its version", async () => {
    expect((await run(["--help"])).output).toContain("--where    where it runs: node, hono, express, fastify, next\n");
    expect((await run(["-v"])).output).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it("says that the packages could not be installed", async () => {
    const PATH = process.env.PATH;
    process.env.PATH = cwd;
    try {
      const { code, errors } = await run(["app", "--install"]);
      expect(code).toBe(1);
      expect(errors).toContain("install_failed: npm install");
    } finally {
      process.env.PATH = PATH;
    }
    expect(manifest("app").name).toBe("app");
  });
});

describe("at a terminal", () => {
  it("asks four things, and enter is an answer to each", async () => {
    const { code, output } = await answer([
      ["What is it called?", KEYS.enter],
      ["Where does it run?", KEYS.enter],
      ["How does it talk?", KEYS.enter],
      ["Who hears, thinks and speaks?", KEYS.enter],
    ]);
    expect(code).toBe(0);
    expect(output).toContain("cd roomkit-app");
    expect(Object.keys(manifest("roomkit-app").dependencies)).toEqual(["@roomkit/client", "esbuild", "roomkit"]);
  });

  it("asks for vendors one by one if one wants", async () => {
    const { code } = await answer([
      ["What is it called?", "shop", KEYS.enter],
      ["Where does it run?", KEYS.down, KEYS.down, KEYS.enter],
      ["How does it talk?", KEYS.enter],
      ["Who hears, thinks and speaks?", KEYS.down, KEYS.enter],
      ["Which model?", KEYS.down, KEYS.enter],
      ["Which recogniser?", KEYS.enter],
      ["Which voice?", KEYS.down, KEYS.enter],
    ]);
    expect(code).toBe(0);
    const names = Object.keys(manifest("shop").dependencies);
    expect(names).toEqual(
      expect.arrayContaining(["@roomkit/provider-anthropic", "@roomkit/provider-elevenlabs", "express"]),
    );
    expect(names).not.toContain("@roomkit/provider-deepgram");
  });

  it("asks only for what it was not told", async () => {
    const { code, output } = await answer(
      [["Which model?", KEYS.down, KEYS.enter]],
      ["app", ..."--where next --how realtime".split(" ")],
    );
    expect(code).toBe(0);
    expect(output).not.toContain("Where does it run?");
    expect(Object.keys(manifest("app").dependencies)).toContain("openai");
  });

  it("does not take a name that cannot be, and says why", async () => {
    mkdirSync(join(cwd, "full"));
    writeFileSync(join(cwd, "full", "mine.txt"), "");
    const { output } = await answer(
      [
        ["What is it called?", "full", KEYS.enter],
        ["is not empty", "er", KEYS.enter],
      ],
      ["--where", "node", "--how", "voice", "--model", "local", "--stt", "local", "--tts", "local"],
    );
    expect(output).toContain("cd fuller");
  });

  it.each([
    ["Ctrl-C", KEYS.cancel],
    ["Ctrl-D", KEYS.end],
  ])("is called off by %s, and has written nothing", async (_key, key) => {
    const { code, errors } = await answer([
      ["What is it called?", KEYS.enter],
      ["Where does it run?", key],
    ]);
    expect(code).toBe(1);
    expect(errors).toContain("aborted");
    expect(readdirSync(cwd)).toEqual([]);
  });

  it("asks nothing with --yes", async () => {
    expect((await answer([], ["app", "--yes"])).code).toBe(0);
  });
});
