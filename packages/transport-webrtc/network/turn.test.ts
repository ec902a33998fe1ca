import { createHmac } from "node:crypto";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../../scripts/lib/chromium.mjs";
import { until } from "../src/testing.fixture.ts";
import { startEcho } from "./echo-server.fixture.ts";
import type { PageCount } from "./page.fixture.ts";
import { missing } from "./programs.fixture.ts";
import { startTurn } from "./turn.fixture.ts";

const reason = missing("chromium", "coturn");
const SECRET = "shared by the server and coturn";

interface UsedServer {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

describe.skipIf(reason !== undefined)(`Chromium by way of coturn only${reason ? ` (${reason})` : ""}`, () => {
  let browser: Browser;
  let turn: Awaited<ReturnType<typeof startTurn>>;
  beforeAll(async () => {
    const executablePath = findChromium();
    turn = await startTurn({ host: "127.0.0.1", secret: SECRET });
    browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: [...chromiumArguments] });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await turn?.stop();
  });

  /** Calls with TURN only, over UDP or TCP as far as coturn; `secret` makes the credentials of `/config`. */
  async function call(
    protocol: "udp" | "tcp",
    secret: string,
    run: (count: () => Promise<PageCount>, page: Page) => Promise<void>,
    server: Awaited<ReturnType<typeof startEcho>>,
  ): Promise<void> {
    const context = await browser.newContext({ permissions: ["microphone"] });
    try {
      const page = await context.newPage();
      await page.goto(server.url);
      await page.evaluate(`void call({ relay: true, turn: "${protocol}" }).catch(() => {})`);
      await page.waitForFunction("window.usedServers");
      const [used] = (await page.evaluate("usedServers")) as UsedServer[];
      expect(used?.credential).toBe(
        createHmac("sha1", secret)
          .update(used?.username ?? "")
          .digest("base64"),
      );
      await run(() => page.evaluate("count()") as Promise<PageCount>, page);
    } finally {
      await context.close();
      await server.stop();
    }
  }

  const echo = (secret: string): ReturnType<typeof startEcho> => {
    const address = `turn:127.0.0.1:${turn.port}`;
    return startEcho({
      iceServers: [{ urls: [`${address}?transport=udp`, `${address}?transport=tcp`], secret, credentialMs: 60_000 }],
    });
  };

  it.each(["udp", "tcp"] as const)(
    "talks both ways, over %s to coturn",
    async (protocol) => {
      const server = await echo(SECRET);
      await call(
        protocol,
        SECRET,
        async (count) => {
          await until(() => (server.calls[0]?.heardMs ?? 0) > 1_500, "the microphone");
          // What the server has heard comes back, and is counted, a moment later; longer on a busy machine.
          let seen = await count();
          for (let tries = 0; tries < 100 && !(seen.received > 40 && seen.messages.length > 0); tries++) {
            await new Promise((resolve) => setTimeout(resolve, 100));
            seen = await count();
          }
          expect(seen).toMatchObject({ local: "relay", relayProtocol: protocol });
          expect(seen.sent).toBeGreaterThan(60);
          expect(seen.received).toBeGreaterThan(40);
          expect(seen.messages.map(({ data }) => data?.text)).toEqual(["over the channel"]);
          expect(server.calls[0]?.texts).toEqual(["over the channel"]);
        },
        server,
      );
    },
    30_000,
  );

  it("does not connect with credentials of another secret", async () => {
    const server = await echo("another");
    await call(
      "udp",
      "another",
      async (count, page) => {
        await page.waitForFunction("pc.iceGatheringState === 'complete'");
        expect(await page.evaluate("pc.localDescription.sdp")).not.toContain("typ relay");
        expect((await count()).local).toBeUndefined();
        expect(server.calls).toEqual([]);
      },
      server,
    );
  }, 30_000);
});
