import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { haveChromium, openBrowser } from "../../apps/demo-server/test/browser.fixture.ts";
import { resample, spoken, until as untilWithin } from "../../apps/demo-server/test/speech.fixture.ts";
import { run } from "./program.fixture.ts";

const until: typeof untilWithin = (what, look) => untilWithin(what, look, 60_000);
/** From when a page asks for the microphone to the question: the greeting is over by then, or else it is broken in on. */
const LEAD_MS = 3_000;

let browser: Awaited<ReturnType<typeof openBrowser>>;
beforeAll(async () => {
  if (!haveChromium) return;
  const sound = await spoken("What is the capital of France?");
  browser = await openBrowser({ samples: resample(sound, 48_000), sampleRate: 48_000 }, LEAD_MS);
});
afterAll(() => browser?.close());

/** Presses "Start call" on a page, speaks, and waits for the answer in its transcript and at its speaker. */
async function visit(url: string, allowed = /^$/): Promise<void> {
  const { page, complaints, loudest, close } = await browser.caller(url);
  await page.getByRole("button", { name: "Start call" }).click();
  const log = page.getByRole("log");
  const shown = async (what: RegExp): Promise<boolean> => what.test((await log.textContent()) ?? "");
  await until("the greeting", () => shown(/Hello from/));
  await until("the question", () => shown(/capital of France/i));
  await until("the answer", () => shown(/Paris/));
  expect(await loudest()).toBeGreaterThan(-40);
  await page.getByRole("button", { name: "End call" }).click();
  await page.getByRole("button", { name: "Start call" }).waitFor();
  expect(complaints.filter((line) => !allowed.test(line))).toEqual([]);
  await close();
}

describe.skipIf(!haveChromium)("in Chromium", () => {
  it("plain-page: the wire format by hand", async () => {
    await run("plain-page/server.ts", ({ url }) => visit(url));
  });

  it("react: parts on a page of its own", async () => {
    await run("react/server.ts", ({ url }) => visit(url, /React DevTools/));
  });
});

it("next: is built, and page, route handlers and calls are on one port", { timeout: 300_000 }, async () => {
  const folder = fileURLToPath(new URL("../next", import.meta.url));
  const next = createRequire(`${folder}/`).resolve("next/dist/bin/next");
  const env = { CALL_SECRET: "secret", NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
  const build = spawn(process.execPath, [next, "build"], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: "pipe",
  });
  const told = Promise.all([text(build.stdout), text(build.stderr)]);
  const [code] = await once(build, "close");
  expect({ code, told: await told }).toMatchObject({ code: 0 });
  await run(
    "next/server.ts",
    async ({ url }) => {
      const capital = await fetch(`${url}/api/capital?of=Spain`);
      expect(await capital.json()).toEqual({ answer: expect.stringContaining("Madrid") });
      // Nobody calls without a token.
      const config = `${url}/voice/config`;
      expect((await fetch(config)).status).toBe(401);
      const token = await (await fetch(`${url}/api/token`, { method: "POST" })).text();
      const status = async (credential: string): Promise<number> =>
        (await fetch(config, { headers: { authorization: `Bearer ${credential}` } })).status;
      expect([await status(token), await status(`${token}x`)]).toEqual([200, 401]);
      if (haveChromium) await visit(url);
    },
    { env },
  );
});
