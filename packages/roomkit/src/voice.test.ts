import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tokenAuth } from "@roomkit/backend-ws";
import { type AIProvider, RoomKit, type SttProvider, silentLogger, type TtsProvider } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { heuristicTurns } from "@roomkit/turn-heuristic";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type VoiceLine, type VoiceOptions, voice } from "./voice.ts";

let kit: RoomKit;
let told: string[];
let line: VoiceLine | undefined;
let server: Server;
beforeEach(() => {
  kit = new RoomKit({ logger: silentLogger });
  told = [];
  line = undefined;
  server = createServer();
});
afterEach(async () => {
  await line?.close();
  await kit.close();
  server.close();
});

/** Parts that tell what is asked of them; nobody calls here. */
function parts(): { readonly stt: SttProvider; readonly tts: TtsProvider; readonly ai: AIProvider } {
  const part = (name: string) => ({
    name,
    warmUp: async () => void told.push(`warm ${name}`),
    close: async () => void told.push(`close ${name}`),
  });
  const nothing = async function* () {};
  return {
    stt: {
      ...part("stt"),
      capabilities: { streaming: false, turnDetection: false, wordTimings: false },
      transcribe: nothing,
    },
    tts: {
      ...part("tts"),
      capabilities: { streamingInput: true, wordTimings: false, sampleRate: 16_000 },
      synthesize: nothing,
    },
    ai: { ...part("ai"), capabilities: { tools: true }, generate: nothing },
  };
}
const start = async (options: VoiceOptions = {}): Promise<VoiceLine> => {
  line = await voice(kit, { ...parts(), ...(options.server ? {} : { port: 0 }), ...options });
  return line;
};
const status = async (url: string | URL): Promise<number> => (await fetch(url, { redirect: "manual" })).status;
/** Whether the kit has no channels of such a line: another one can be opened on it. */
const isFree = async (): Promise<boolean> => {
  const other = await voice(kit, { ...parts(), port: 0 });
  await other.close();
  return true;
};

it("warms up what it was given, serves the page and leads there, and closes only what it has made", async () => {
  const { url, close } = await start();
  expect(told.sort()).toEqual(["warm ai", "warm stt", "warm tts"]);
  const { port } = new URL(url);
  expect(url).toBe(`http://localhost:${port}/voice/ui/`);
  const home = await fetch(new URL("/", url), { redirect: "manual" });
  expect([home.status, home.headers.get("location")]).toEqual([302, "/voice/ui/"]);
  expect(await status(new URL("/nowhere", url))).toBe(404);
  expect(await status(new URL("/voice/config", url))).toBe(200);
  await Promise.all([close(), close()]);
  expect(told.length).toBe(3);
  await expect(fetch(url)).rejects.toThrow();
  expect(await isFree()).toBe(true);
});

it("closes after the kit as well as before it", async () => {
  const { close } = await start();
  await kit.close();
  await close();
});

it("asks who calls, where it is told how", async () => {
  const { url } = await start({ auth: tokenAuth({ secret: { userId: "ada" } }), path: "/talk" });
  const config = new URL("/talk/config", url);
  expect(await status(config)).toBe(401);
  expect((await fetch(config, { headers: { authorization: "Bearer secret" } })).status).toBe(200);
});

it("lets nobody in unasked where others reach it", async () => {
  await expect(start({ host: "0.0.0.0" })).rejects.toMatchObject({ code: "auth_required" });
  await expect(start({ server })).rejects.toMatchObject({ code: "auth_required" });
  expect((await start({ host: "0.0.0.0", allowAnonymous: true })).url).toMatch(/^http:\/\/localhost:/);
});

it("is put on a server of yours, and leaves it open", async () => {
  server.on("request", (_request, response) => response.end("mine"));
  const { url, close } = await start({ server, allowAnonymous: true });
  expect(url).toBe("/voice/ui/");
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await status(`${at}/voice/config`)).toBe(200);
  await close();
  expect(await (await fetch(`${at}/voice/config`)).text()).toBe("mine");
});

it("says that a port is in use, and which; and leaves nothing behind, as with whatever else fails", async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const failed = { code: "port_in_use", message: expect.stringContaining(`port ${port} `), details: { port } };
  await expect(start({ port })).rejects.toMatchObject(failed);
  await expect(start({ host: "192.0.2.1", allowAnonymous: true })).rejects.toMatchObject({ code: "listen_failed" });
  await expect(start({ port: 1.5 })).rejects.toMatchObject({ code: "listen_failed" });
  await expect(start({ path: "no path" })).rejects.toMatchObject({ code: "invalid_option" });
  const { ai } = parts();
  const cold = { ...ai, warmUp: () => Promise.reject(new Error("no model")) };
  await expect(start({ ai: cold })).rejects.toThrow("no model");
  expect(await isFree()).toBe(true);
});

it("knows before models are loaded that it cannot listen, and lets nobody in until they are", async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await expect(start({ port })).rejects.toMatchObject({ code: "port_in_use" });
  await expect(start({ host: "192.0.2.1", allowAnonymous: true })).rejects.toMatchObject({ code: "listen_failed" });
  expect(told).toEqual([]);
  const closed = once(server, "close");
  server.close();
  await closed;

  const { ai } = parts();
  const called: unknown[] = [];
  const call = async () => void called.push(await fetch(`http://127.0.0.1:${port}/`).catch(({ cause }) => cause.code));
  const { close } = await start({ port, ai: { ...ai, warmUp: call } });
  expect(called).toEqual(["ECONNREFUSED"]);
  await close();

  // Somebody else takes the port meanwhile.
  const other = createServer();
  const take = async () => void (await once(other.listen(port, "127.0.0.1"), "listening"));
  try {
    await expect(start({ port, ai: { ...ai, warmUp: take } })).rejects.toMatchObject({ code: "port_in_use" });
  } finally {
    other.close();
  }
  expect(await isFree()).toBe(true);
});

it("ends the start when told to", async () => {
  const { ai } = parts();
  const ending = new AbortController();
  const slow = { ...ai, warmUp: () => new Promise<void>(() => ending.abort()) };
  await expect(start({ ai: slow, signal: ending.signal })).rejects.toMatchObject({ code: "aborted" });
  await expect(start({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  expect(await isFree()).toBe(true);
});

it("does not start on a kit that is closed meanwhile", async () => {
  const { ai, stt } = parts();
  let signal: AbortSignal | undefined;
  let begun = (): void => {};
  const loading = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const slow = {
    ...ai,
    warmUp(given?: AbortSignal) {
      signal = given;
      begun();
      return new Promise<void>(() => {});
    },
  };
  server.on("request", (_request, response) => response.end("mine"));
  const starting = voice(kit, { ...parts(), stt, ai: slow, server, allowAnonymous: true });
  await loading;
  await Promise.all([kit.close(), expect(starting).rejects.toMatchObject({ code: "kit_closed" })]);
  expect(signal?.aborted).toBe(true);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}/voice/config`;
  expect(await (await fetch(at)).text()).toBe("mine");
  await expect(start()).rejects.toMatchObject({ code: "kit_closed" });
});

it("takes any other option of its two channels, and gives them back", async () => {
  for (const wrong of [{ channel: { joinTimeoutMs: -1 } }, { assistant: { firstTokenTimeoutMs: 0 } }])
    await expect(start(wrong)).rejects.toMatchObject({ code: "invalid_option" });
  const turnDetector = { ...heuristicTurns(), close: async () => void told.push("close turns") };
  const pipeline = audioPipeline({});
  const { voice: calls, ai, close } = await start({ channel: { pipeline, turnDetector } });
  expect([calls.id, calls.sessions, ai.id]).toEqual(["voice", [], "ai"]);
  await close();
  expect(told).not.toContain("close turns");
});

it("is one for a kit", async () => {
  const { url } = await start();
  await expect(voice(kit, { ...parts(), port: 0 })).rejects.toMatchObject({ code: "channel_exists" });
  expect(await status(new URL("/voice/config", url))).toBe(200);
});

it("refuses what is no kit, and a port beside a server", async () => {
  await expect(voice({} as RoomKit)).rejects.toMatchObject({ code: "invalid_option" });
  for (const more of [{ port: 1 }, { host: "localhost" }])
    await expect(voice(kit, { ...parts(), server, ...more })).rejects.toMatchObject({ code: "invalid_option" });
  for (const none of [{}, () => {}] as unknown as Server[]) {
    const given = voice(kit, { ...parts(), server: none, allowAnonymous: true });
    await expect(given).rejects.toMatchObject({ code: "invalid_option", message: expect.stringContaining("server") });
  }
  expect(await isFree()).toBe(true);
});
