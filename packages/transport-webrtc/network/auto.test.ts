import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../../scripts/lib/chromium.mjs";
import { Child } from "./child.fixture.ts";
import { clientScript } from "./client-script.fixture.ts";
import type { ServerState } from "./echo-main.fixture.ts";
import { NatLab } from "./namespaces.fixture.ts";
import { missing } from "./programs.fixture.ts";

const reason = missing("chromium", "iproute2", "nftables", "root");

describe.skipIf(reason !== undefined)(`the browser client behind a NAT${reason ? ` (${reason})` : ""}`, () => {
  let lab: NatLab;
  let server: Child;
  let browser: Browser;
  let page: Page;
  let open: () => Promise<Page>;
  const ended: (() => unknown)[] = [];

  beforeAll(async () => {
    lab = new NatLab();
    ended.push(() => lab.close());
    const { folder, script, remove } = await clientScript();
    ended.push(remove);
    const options = { host: NatLab.serverAddress, script, workers: { count: 1, calls: 1 } };
    server = new Child("echo-main.fixture.ts", options, lab.inside("server"));
    ended.push(() => server.kill());
    const { url } = await server.next<{ url: string }>();
    // Playwright starts a file; this one starts Chromium in the caller's network.
    const executablePath = join(folder, "chromium");
    writeFileSync(executablePath, `#!/bin/sh\nexec ${lab.inside("caller").join(" ")} ${findChromium()} "$@"\n`);
    chmodSync(executablePath, 0o755);
    // Browsers give no microphone to plain HTTP.
    const args = [...chromiumArguments, `--unsafely-treat-insecure-origin-as-secure=${url}`];
    browser = await chromium.launch({ executablePath, args });
    ended.push(() => browser.close());
    const context = await browser.newContext({ permissions: ["microphone"] });
    open = async () => {
      const opened = await context.newPage();
      await opened.goto(url);
      await opened.addScriptTag({ url: "/client.js" });
      return opened;
    };
    page = await open();
  }, 60_000);
  afterAll(async () => {
    for (const end of ended.reverse()) await end();
  });

  const connect = (on: Page, transport: "auto" | "webrtc", fallbackAfterMs = 3_000): Promise<void> =>
    on.evaluate(`(async () => {
      const options = { transport: "${transport}", fallbackAfterMs: ${fallbackAfterMs}, connectTimeoutMs: 30_000 };
      window.client = new roomkit.VoiceClient({ url: "/voice", reconnect: false, ...options });
      await client.connect();
    })()`);

  /** Calls with `transport: "auto"` for a moment; which way it came, at the server. */
  async function call(fallbackAfterMs?: number): Promise<ServerState> {
    await server.ask("forget");
    await connect(page, "auto", fallbackAfterMs);
    let state: ServerState;
    do {
      await page.waitForTimeout(200);
      state = await server.ask<ServerState>("state");
    } while ([...state.calls, ...state.webSocketCalls].every(({ heardMs }) => heardMs < 1_000));
    await page.evaluate("client.disconnect()");
    return state;
  }

  it("takes WebRTC where UDP passes", async () => {
    lab.behave({});
    // A busy machine finds the path, but not within the usual 3 s.
    const { calls, webSocketCalls } = await call(25_000);
    expect(calls).toHaveLength(1);
    expect(webSocketCalls).toEqual([]);
  }, 60_000);

  it("takes the WebSocket by itself where the media workers have as many calls as they may", async () => {
    lab.behave({});
    // The call of the test before may not be gone yet.
    while ((await server.ask<ServerState>("state")).size > 0) await page.waitForTimeout(200);
    const other = await open();
    await connect(other, "webrtc");
    const { calls, webSocketCalls } = await call();
    expect(calls).toEqual([]);
    expect(webSocketCalls).toHaveLength(1);
    await other.close();
  }, 60_000);

  it("takes the WebSocket by itself where no UDP passes", async () => {
    lab.behave({ blockUdp: true });
    const { calls, webSocketCalls } = await call();
    expect(calls).toEqual([]);
    expect(webSocketCalls).toHaveLength(1);
  }, 30_000);
});
