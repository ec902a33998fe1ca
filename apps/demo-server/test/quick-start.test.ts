import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type AudioIO, VoiceClient } from "@roomkit/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { freePort } from "../../../tools/free-port.ts";
import { until } from "./speech.fixture.ts";
import { WireClient } from "./wire-client.fixture.ts";

const root = new URL("../../../", import.meta.url);
const TOKEN = "a-token";

interface Program {
  /** Above it on its page. */
  readonly heading: string;
  readonly page: string;
  /** What its page is opened with. */
  readonly fragment: string;
  /** How it answers `/` and, without a credential, `/voice/config`. */
  readonly home: number;
  readonly config: number;
}

const programs: readonly Program[] = [
  { heading: "Quick start", page: "README.md", fragment: "", home: 302, config: 200 },
  {
    ...{ heading: "Compose it yourself", page: "apps/docs/start/compose.md" },
    ...{ fragment: `#token=${TOKEN}`, home: 404, config: 401 },
  },
];

/** The first program below a heading. */
function codeBelow(heading: string, page: string): string {
  const text = readFileSync(new URL(page, root), "utf8");
  const [, code = ""] = new RegExp(`^#+ ${heading}\\n[\\s\\S]*?\`\`\`ts\\n([\\s\\S]*?)\`\`\``, "m").exec(text) ?? [];
  return code;
}

/** A caller without ears or mouth. */
const deaf = (): AudioIO => ({
  hasMicrophone: false,
  start: async () => {},
  openMicrophone: async () => {},
  setRates() {},
  setMuted() {},
  play() {},
  clear() {},
  outgoingStream: () => ({}) as MediaStream,
  playStream() {},
  playRecording: async () => {},
  setOutputDevice: async () => {},
  resume: async () => {},
  close: async () => {},
});

it("the first program is under 20 lines, and the same wherever it is shown", () => {
  const code = codeBelow("Quick start", "README.md");
  expect(code.split("\n").length).toBeLessThan(20);
  expect(codeBelow("roomkit", "packages/roomkit/README.md")).toBe(code);
  expect(codeBelow("Install and first call", "apps/docs/start/index.md")).toBe(code);
});

describe.each(programs)("the program of $heading", ({ heading, page, fragment, home, config }) => {
  /** Where it finds what a reader has installed. */
  const name = `quick-start-${process.pid}-${fragment.length}.generated.ts`;
  const program = fileURLToPath(new URL(`../src/${name}`, import.meta.url));
  let server: ChildProcess;
  let output = "";
  let url = "";

  beforeAll(async () => {
    writeFileSync(program, codeBelow(heading, page));
    const port = await freePort();
    server = spawn(process.execPath, ["--conditions=@roomkit/source", "--import", "./tools/source.mjs", program], {
      cwd: fileURLToPath(root),
      env: { ...process.env, PORT: String(port), TOKEN },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [server.stdout, server.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    url = `http://localhost:${port}`;
    await until("the server", () => output.includes("Open ") || server.exitCode !== null);
    expect(output).toBe(`Open ${url}/voice/ui/${fragment} and speak English\n`);
  }, 90_000);

  afterAll(() => {
    server?.kill("SIGKILL");
    rmSync(program, { force: true });
  });

  it("answers every path", async () => {
    const status = async (path: string): Promise<number> =>
      (await fetch(`${url}${path}`, { redirect: "manual" })).status;
    expect(await status("/")).toBe(home);
    expect(await status("/nowhere")).toBe(404);
    expect(await status("/voice/ui")).toBe(307);
    // 503: the page has not been built.
    expect([200, 503]).toContain(await status("/voice/ui/"));
    expect(await status("/voice/config")).toBe(config);
  });

  it("takes calls of the SDK and of a bare WebSocket, and ends them with 1001", { timeout: 90_000 }, async () => {
    Object.defineProperty(globalThis, "WebSocket", { value: WebSocket, configurable: true, writable: true });
    const page = { online: true, onChange: () => () => {}, onLeave: () => () => {} };
    const client = new VoiceClient({
      url: `${url}/voice`,
      token: TOKEN,
      microphone: false,
      reconnect: false,
      environment: { audio: deaf, page },
    });
    const answers: string[] = [];
    client.on("transcript", ({ role, text }) => {
      if (role === "assistant") answers.push(text);
    });
    await client.connect();
    const bare = new WireClient(url, "bare", { authorization: `Bearer ${TOKEN}` });
    await until("the bare one", () => bare.open);
    bare.ping();
    client.sendText("What is the capital of France?");
    await until("an answer", () => answers.some((text) => /paris/i.test(text)), 60_000);
    await until("a pong", () => bare.others.some(({ event }) => event === "pong"));

    if (fragment !== "") {
      const stranger = new WireClient(url, "stranger");
      await until("a refusal", () => stranger.closed);
    }
    expect(bare.closed).toBeUndefined();

    server.kill("SIGTERM");
    await until("the end of the call", () => bare.closed);
    expect(bare.closed).toEqual({ code: 1001, reason: "draining" });
    await until("the end of the program", () => server.exitCode !== null);
    expect(server.exitCode).toBe(0);
    expect(client.state).toBe("ended");
    expect(output.split("\n").length).toBe(2);
  });
});
