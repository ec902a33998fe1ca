import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { haveChromium, openBrowser } from "../../apps/demo-server/test/browser.fixture.ts";
import { resample, spoken, until as untilWithin } from "../../apps/demo-server/test/speech.fixture.ts";
import { run } from "./program.fixture.ts";

const until: typeof untilWithin = (what, look) => untilWithin(what, look, 90_000);
/** From when a page asks for the microphone to the question. */
const LEAD_MS = 2_000;
/** The question is put again and again, for pages that were not ready for it. */
const TIMES = 12;
const EVERY_MS = 9_000;
/** Of a page on a machine that is busy with other things. */
const TIMEOUT_MS = 300_000;

let browser: Awaited<ReturnType<typeof openBrowser>>;
beforeAll(async () => {
  if (!haveChromium) return;
  const sampleRate = 48_000;
  const question = resample(await spoken("What is the capital of France?"), sampleRate);
  const samples = new Int16Array((sampleRate / 1_000) * EVERY_MS * TIMES);
  for (let i = 0; i < TIMES; i++) samples.set(question, (sampleRate / 1_000) * EVERY_MS * i);
  browser = await openBrowser({ samples, sampleRate }, LEAD_MS);
});
afterAll(() => browser?.close());

/** Presses "Start call" on a page, speaks, and waits for the answer in its transcript and at its speaker. */
async function visit(url: string, allowed = /^$/): Promise<void> {
  const { page, complaints, loudest, close } = await browser.caller(url);
  await page.getByRole("button", { name: "Start call" }).click();
  const log = page.getByRole("log");
  const shown = async (what: RegExp): Promise<boolean> => what.test((await log.textContent()) ?? "");
  await until("the question", () => shown(/capital of France/i));
  await until("the answer", () => shown(/Paris/));
  await until("its sound", async () => (await loudest()) > -40);
  await page.getByRole("button", { name: "End call" }).click();
  await page.getByRole("button", { name: "Start call" }).waitFor();
  expect(complaints.filter((line) => !allowed.test(line))).toEqual([]);
  await close();
}

describe.skipIf(!haveChromium)("in Chromium", () => {
  it("plain-page: the wire format by hand", { timeout: TIMEOUT_MS }, async () => {
    await run("plain-page/server.ts", ({ url }) => visit(url));
  });

  it("react: parts on a page of its own", { timeout: TIMEOUT_MS }, async () => {
    await run("react/server.ts", ({ url }) => visit(url, /React DevTools/));
  });
});

it("next: is built, and page, route handlers and calls are on one port", { timeout: TIMEOUT_MS }, async () => {
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
