import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { type AudioIO, VoiceClient } from "@roomkit/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import WebSocket from "ws";
import { until } from "./speech.fixture.ts";
import { WireClient } from "./wire-client.fixture.ts";

const root = new URL("../../../", import.meta.url);
/** Where it finds what a reader has installed. */
const program = fileURLToPath(new URL(`../src/quick-start-${process.pid}.generated.ts`, import.meta.url));
const TOKEN = "a-token";
let server: ChildProcess;
let output = "";
let url = "";

async function freePort(): Promise<number> {
  const probe = createServer().listen(0);
  await once(probe, "listening");
  const { port } = probe.address() as { readonly port: number };
  probe.close();
  await once(probe, "close");
  return port;
}

beforeAll(async () => {
  const readme = readFileSync(new URL("README.md", root), "utf8");
  const [, code = ""] = /## Quick start\n\n```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  writeFileSync(program, code);
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
  expect(output).toBe(`Open ${url}/voice/ui/#token=${TOKEN} and speak English\n`);
}, 90_000);

afterAll(() => {
  server?.kill("SIGKILL");
  rmSync(program, { force: true });
});

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

it("answers every path", async () => {
  const status = async (path: string): Promise<number> => (await fetch(`${url}${path}`, { redirect: "manual" })).status;
  expect(await status("/")).toBe(404);
  expect(await status("/voice/ui")).toBe(307);
  // 503: the page has not been built.
  expect([200, 503]).toContain(await status("/voice/ui/"));
  expect(await status("/voice/config")).toBe(401);
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

  const stranger = new WireClient(url, "stranger");
  await until("a refusal", () => stranger.closed);
  expect(bare.closed).toBeUndefined();

  server.kill("SIGTERM");
  await until("the end of the call", () => bare.closed);
  expect(bare.closed).toEqual({ code: 1001, reason: "draining" });
  await until("the end of the program", () => server.exitCode !== null);
  expect(server.exitCode).toBe(0);
  expect(client.state).toBe("ended");
  expect(output.split("\n").length).toBe(2);
});
