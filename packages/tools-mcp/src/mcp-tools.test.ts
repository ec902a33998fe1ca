import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ChannelHost, type RoomKitError, silentLogger, systemClock } from "@roomkit/core";
import { seededRandom } from "@roomkit/testing";
import { OUTCOME_UNKNOWN, runTool, type ToolOutcome, ToolSet } from "@roomkit/tools";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { McpTools } from "./mcp-tools.ts";
import type { McpServer, McpToolsOptions } from "./options.ts";
import { HttpFixture } from "./server.fixture.ts";

/** A program takes its time to begin, on a machine that is busy. */
vi.setConfig({ testTimeout: 60_000 });
const WAIT = { timeout: 20_000, interval: 10 };
let dir = "";
let opened: McpTools[] = [];
let http: HttpFixture | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mcp-"));
});
afterEach(async () => {
  await Promise.all(opened.map((tools) => tools.close()));
  opened = [];
  await http?.stop();
  http = undefined;
  for (const pid of pids()) await vi.waitFor(() => expect(alive(pid)).toBe(false), WAIT);
  rmSync(dir, { recursive: true });
});

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const logged = (): string[] => {
  try {
    return readFileSync(join(dir, "log"), "utf8").trim().split("\n");
  } catch {
    return [];
  }
};
const pids = (): number[] => logged().flatMap((line) => (line.startsWith("started ") ? [Number(line.slice(8))] : []));
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A program that is no server. */
function noServer(code: string): McpServer {
  const told = 'require("node:fs").appendFileSync(process.env.FIXTURE_LOG, "started " + process.pid + "\\n");';
  return { command: process.execPath, args: ["-e", `${told}${code}`], env: { FIXTURE_LOG: join(dir, "log") } };
}
const silent = (): McpServer => noServer("setInterval(() => {}, 1000);");

function program(manner = ""): McpServer {
  return {
    command: process.execPath,
    args: [
      ...["--conditions=@roomkit/source", "--import", path("../../../tools/source.mjs")],
      path("stdio-server.fixture.ts"),
    ],
    env: { FIXTURE: manner, FIXTURE_LOG: join(dir, "log") },
  };
}

const all = () => true;
function toolsOf(server: McpServer, more: Partial<McpToolsOptions> = {}): McpTools {
  const tools = new McpTools({ server, tools: all, logger: silentLogger, reconnectDelayMs: 10, ...more });
  opened.push(tools);
  return tools;
}

async function connected(server: McpServer, more: Partial<McpToolsOptions> = {}): Promise<McpTools> {
  const tools = toolsOf(server, more);
  await tools.connect();
  return tools;
}

/** A call as a channel makes it. */
function call(
  tools: McpTools,
  name: string,
  args: unknown = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<ToolOutcome> {
  const scope = {
    host: { clock: systemClock, logger: silentLogger, hasHooks: () => false } as unknown as ChannelHost,
    ...{ channelId: "ai", roomId: "room", tools: new ToolSet([tools]) },
    toolLimits: { timeoutMs: 15_000, resultMaxLength: 100_000 },
  };
  return runTool({ id: "c1", name, arguments: args }, scope, signal);
}

const names = (tools: McpTools): string[] => tools.tools.map(({ name }) => name);
const failure = (result: unknown): unknown => ({ result, isError: true });

describe.each(["stdio", "http"] as const)("a server by %s", (way) => {
  const server = async (): Promise<McpServer> => {
    if (way === "stdio") return program();
    http = await new HttpFixture().start();
    return { url: http.url, headers: { authorization: "Bearer t" } };
  };

  it("offers what is allowed, and nothing else", async () => {
    const tools = await connected(await server(), { tools: ["echo", "slow", "dotted.name"], prefix: "fx_" });
    expect(tools.tools.map(({ name, description, parameters }) => ({ name, description, parameters }))).toEqual([
      {
        name: "fx_echo",
        description: "Says it again.",
        parameters: expect.objectContaining({ type: "object", properties: { text: { type: "string" } } }),
      },
      expect.objectContaining({ name: "fx_slow" }),
      expect.objectContaining({ name: "fx_dotted_name" }),
    ]);
    expect(await call(tools, "fx_echo", { text: "hi" })).toEqual({ result: "echo hi", isError: false });
    expect(await call(tools, "fx_dotted_name")).toEqual({ result: "dotted", isError: false });
    expect((await call(tools, "fx_who")).result).toMatch(/unknown_tool/);
    expect((await call(tools, "fx_echo", { text: 7 })).result).toMatch(/invalid_arguments.*text/);
    if (http) expect(http.log.every((line) => !/^[A-Z]+$/.test(line))).toBe(true);
  });

  it("is asked what it says of its tools", async () => {
    const tools = await connected(await server(), { tools: ({ annotations }) => annotations.readOnlyHint === true });
    expect(names(tools)).toEqual(["echo"]);
  });

  it.each([
    ["a stack", "throws", "no such table"],
    ["a traceback", "python", "KeyError: no such key"],
  ])("that fails with %s is told of without it", async (_what, name, told) => {
    expect(await call(await connected(await server()), name)).toEqual(failure(told));
  });

  it("that says too much is cut short", async () => {
    const { result } = await call(await connected(await server(), { maxResultChars: 100 }), "big");
    expect(result).toBe(`${"x".repeat(100)} [cut: 99900 more characters]`);
  });

  it("that shows pictures has them named", async () => {
    const { result } = await call(await connected(await server()), "mixed");
    expect(result).toBe("a picture:\n[image, which cannot be shown]");
  });

  it("that takes too long is told to stop, and its late result goes nowhere", async () => {
    const tools = await connected(await server(), { callTimeoutMs: 300 });
    expect((await call(tools, "slow", { ms: 900 })).result).toMatch(/took too long.*may have been done/);
    await vi.waitFor(() => expect(way === "http" ? http?.log : logged()).toContain("slow ends"), WAIT);
    expect(way === "http" ? http?.log : logged()).toContain("slow is cancelled");
    expect(await call(tools, "echo", { text: "still here" })).toEqual({ result: "echo still here", isError: false });
  });

  it("whose call is called off may have done it", async () => {
    const tools = await connected(await server());
    const stop = new AbortController();
    const called = call(tools, "slow", { ms: 500 }, stop.signal);
    await vi.waitFor(() => expect(way === "http" ? http?.log : logged()).toContain("slow begins"), WAIT);
    stop.abort();
    expect(await called).toEqual(failure(OUTCOME_UNKNOWN.result));
  });

  it("whose list changes, also while a call runs, is read anew", async () => {
    const tools = await connected(await server());
    let told = 0;
    const stop = tools.onToolsChanged(() => told++);
    const slow = call(tools, "slow", { ms: 400 });
    expect((await call(tools, "grow")).result).toBe("grown");
    await vi.waitFor(() => expect(names(tools)).toContain("added"), WAIT);
    expect(await call(tools, "added")).toEqual({ result: "added", isError: false });
    expect((await call(tools, "shrink")).result).toBe("shrunk");
    await vi.waitFor(() => expect(names(tools)).not.toContain("grow"), WAIT);
    expect(await slow).toEqual({ result: "at last", isError: false });
    expect(told).toBeGreaterThanOrEqual(2);
    stop();
  });

  it("is let go of by close, whatever it does, and stays closed", async () => {
    const tools = await connected(await server());
    const slow = call(tools, "slow", { ms: 500 });
    await vi.waitFor(() => expect(way === "http" ? http?.log : logged()).toContain("slow begins"), WAIT);
    await Promise.all([tools.close(), tools.close()]);
    expect(await slow).toEqual(failure(OUTCOME_UNKNOWN.result));
    expect([tools.state, tools.tools]).toEqual(["closed", []]);
    await expect(tools.connect()).rejects.toMatchObject({ code: "closed" });
    for (const pid of pids()) expect(alive(pid)).toBe(false);
    if (http) expect(http.sessions).toBe(0);
  });
});

describe("approval", () => {
  it.each<[string, McpToolsOptions["approve"], unknown]>([
    ["given", () => true, { result: "echo hi", isError: false }],
    ["refused", async () => false, failure("The call was not allowed.")],
    ["refused for a reason", () => "ask a person first", failure("The call was not allowed: ask a person first")],
    [
      "that throws",
      () => {
        throw new Error("secret");
      },
      failure("The call was not allowed."),
    ],
    ["that never comes", () => new Promise<never>(() => {}), failure("The call was not allowed.")],
    ["that is no answer", () => 1 as unknown as boolean, failure("The call was not allowed.")],
  ])("%s", async (_what, approve, outcome) => {
    http = await new HttpFixture().start();
    const tools = await connected({ url: http.url }, { approve, approveTimeoutMs: 100 });
    expect(await call(tools, "echo", { text: "hi" })).toEqual(outcome);
  });

  it("hears what is called, and for whom", async () => {
    http = await new HttpFixture().start();
    const asked = vi.fn(() => true);
    await call(await connected({ url: http.url }, { approve: asked, prefix: "p_" }), "p_echo", { text: "hi" });
    expect(asked).toHaveBeenCalledWith(
      { name: "echo", description: "Says it again.", annotations: { readOnlyHint: true }, arguments: { text: "hi" } },
      expect.objectContaining({ roomId: "room", callId: "c1" }),
    );
  });
});

describe("a program that", () => {
  it("writes garbage between its messages is understood all the same", async () => {
    const tools = await connected(program("noisy"));
    expect((await call(tools, "noise")).result).toBe("heard through the noise");
    expect((await call(tools, "echo", { text: "and" })).result).toBe("echo and");
  });

  it("dies in a call is started again; that call's outcome is not known, and the next one waits", async () => {
    const tools = await connected(program());
    const [before] = pids();
    const dying = call(tools, "die");
    expect(await dying).toEqual(failure(OUTCOME_UNKNOWN.result));
    expect(names(tools)).toContain("echo");
    const { result } = await call(tools, "who");
    expect(Number(result)).toBeGreaterThan(0);
    expect(Number(result)).not.toBe(before);
    expect(tools.state).toBe("connected");
  });

  it("dies again and again is given up, and has no tools then; connect tries anew", async () => {
    const tools = await connected(program(), { maxReconnects: 2 });
    for (let deaths = 0; deaths < 3; deaths++) {
      await vi.waitFor(() => expect(tools.state).toBe("connected"), WAIT);
      await call(tools, "die");
    }
    await vi.waitFor(() => expect(tools.state).toBe("failed"), WAIT);
    expect(tools.tools).toEqual([]);
    expect(pids()).toHaveLength(3);
    await tools.connect();
    expect(await call(tools, "echo", { text: "back" })).toEqual({ result: "echo back", isError: false });
  });

  it.each([
    ["never answers", silent, 1_000, "timeout"],
    ["never tells its list", () => program("slow-list"), 5_000, "timeout"],
    ["ends at once", () => noServer("process.exit(3)"), 15_000, "mcp_unreachable"],
  ])("%s is no server, and is not left running", async (_what, server, connectTimeoutMs, code) => {
    const tools = toolsOf(server(), { connectTimeoutMs });
    await expect(tools.connect()).rejects.toMatchObject({ code });
    expect(tools.state).toBe("idle");
    for (const pid of pids()) await vi.waitFor(() => expect(alive(pid)).toBe(false), WAIT);
  });

  it("does not exist is no server", async () => {
    const tools = toolsOf({ command: "/nowhere/at-all" });
    await expect(tools.connect()).rejects.toMatchObject({ code: "mcp_unreachable" });
  });

  it("heeds no signal is killed by close", async () => {
    const tools = await connected(program("stubborn"));
    await tools.close();
    for (const pid of pids()) await vi.waitFor(() => expect(alive(pid)).toBe(false), WAIT);
  });

  it("is being connected to is let go of when the caller gives up, or closes", async () => {
    const tools = toolsOf(silent());
    const stop = new AbortController();
    const connecting = tools.connect(stop.signal);
    await vi.waitFor(() => expect(pids()).toHaveLength(1), WAIT);
    stop.abort();
    await expect(connecting).rejects.toMatchObject({ code: "aborted" });
    const again = tools.connect();
    again.catch(() => {});
    await vi.waitFor(() => expect(pids()).toHaveLength(2), WAIT);
    await tools.close();
    await expect(again).rejects.toMatchObject({ code: "closed" });
  });

  it("gets no more of this process's variables than it needs", async () => {
    process.env.ROOMKIT_TEST_SECRET = "secret";
    try {
      const { result } = await call(await connected(program()), "env");
      expect(result).toContain("PATH");
      expect(result).not.toContain("ROOMKIT_TEST_SECRET");
    } finally {
      delete process.env.ROOMKIT_TEST_SECRET;
    }
  });
});

describe("an address that", () => {
  it("goes and comes back is reached again, and a call in between waits for it", async () => {
    http = await new HttpFixture().start();
    const tools = await connected({ url: http.url }, { maxReconnects: 50 });
    await http.stop();
    const lost = call(tools, "echo", { text: "hi" });
    await vi.waitFor(() => expect(tools.state).toBe("reconnecting"), WAIT);
    const called = call(tools, "echo", { text: "hi" });
    await http.start();
    // Its socket was closed under it: whether it was made is not known, or it was not and is made now.
    expect([OUTCOME_UNKNOWN.result, "echo hi"]).toContain((await lost).result);
    expect(await called).toEqual({ result: "echo hi", isError: false });
  });

  it("has forgotten the connection has made no call: it is made on a new one, once", async () => {
    http = await new HttpFixture().start();
    const tools = await connected({ url: http.url });
    http.forget();
    expect(await call(tools, "echo", { text: "hi" })).toEqual({ result: "echo hi", isError: false });
    expect(http.sessions).toBe(1);
  });

  it("goes for good has no tools any more", async () => {
    http = await new HttpFixture().start();
    const tools = await connected({ url: http.url }, { maxReconnects: 1 });
    await http.stop();
    const first = await call(tools, "echo", { text: "hi" });
    expect(first.result).toMatch(/cannot be reached|outcome is not known/);
    const waiting = call(tools, "echo", { text: "hi" });
    await vi.waitFor(() => expect([tools.state, tools.tools]).toEqual(["failed", []]), WAIT);
    expect((await waiting).result).toMatch(/cannot be reached|unknown_tool/);
  });

  it("is none is no server", async () => {
    const tools = toolsOf({ url: "http://127.0.0.1:1/mcp" });
    await expect(tools.connect()).rejects.toMatchObject({ code: "mcp_unreachable" });
  });
});

/** A server that comes, goes and forgets, while calls are made and called off and its list changes. */
async function live(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const server = await new HttpFixture().start();
  http = server;
  const tools = await connected({ url: server.url }, { maxReconnects: 1_000, callTimeoutMs: 400 });
  const calls: Promise<ToolOutcome>[] = [];
  let up = true;
  let echoes = 0;
  const stop = new AbortController();
  const actions: (() => unknown)[] = [
    () => calls.push(call(tools, "echo", { text: `${++echoes}` })),
    () => calls.push(call(tools, "slow", { ms: pick(800) })),
    () => calls.push(call(tools, "grow")),
    () => calls.push(call(tools, "slow", { ms: 500 }, stop.signal)),
    () => stop.abort(),
    () => server.forget(),
    async () => {
      await (up ? server.stop() : server.start());
      up = !up;
    },
  ];
  for (let i = 0; i < 20; i++) {
    await (actions[pick(actions.length)] as () => unknown)();
    await new Promise((resolve) => setTimeout(resolve, pick(60)));
  }
  if (!up) await server.start();
  // Every call comes to something the model can be told.
  for (const { result, isError } of await Promise.all(calls)) {
    if (!isError) expect(result).toMatch(/^(echo \d+|at last|grown)$/);
    else
      expect(result).toMatch(/not known|cannot be reached|unknown_tool|already registered|before it (began|finished)/);
  }
  // And it works again, whatever happened.
  await vi.waitFor(async () => {
    expect(await call(tools, "echo", { text: "again" })).toEqual({ result: "echo again", isError: false });
  }, WAIT);
  expect(tools.state).toBe("connected");
  const listed = names(tools);
  expect(new Set(listed).size).toBe(listed.length);
  await tools.close();
  expect([tools.state, tools.tools, server.sessions <= 1]).toEqual(["closed", [], true]);
}

describe("in any order", () => {
  it.each(Array.from({ length: 6 }, (_, i) => 1 + i))("seed %d", async (seed) => {
    await live(seed);
  });
});

it.each<[string, Record<string, unknown>]>([
  ["no server", { tools: all }],
  ["no allowlist", { server: { command: "x" } }],
  ["an allowlist of other things", { server: { command: "x" }, tools: [1] }],
  ["no address", { server: { url: "nowhere" }, tools: all }],
  ["an address of another kind", { server: { url: "file:///etc/passwd" }, tools: all }],
  ["an address with a password", { server: { url: "https://me:secret@host/mcp" }, tools: all }],
  ["a prefix no vendor takes", { server: { command: "x" }, tools: all, prefix: "a.b" }],
  ["a time that is none", { server: { command: "x" }, tools: all, callTimeoutMs: 0 }],
])("%s is refused", (_what, options) => {
  expect(() => new McpTools(options as unknown as McpToolsOptions)).toThrowError(
    expect.objectContaining({ code: "invalid_option" }) as RoomKitError,
  );
});
