import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Caller, haveChromium, openBrowser } from "./browser.fixture.ts";
import { type Demo, startDemo } from "./demo.fixture.ts";
import { resample, type Sound, spoken, until } from "./speech.fixture.ts";

/** Long enough to be cut off. */
const GREETING = `${Array.from({ length: 12 }, (_, i) => `This is sentence number ${i + 1}.`).join(" ")} And the end.`;
const QUESTION = "Hello. Can you tell me what time it is now?";
/** Opus and a busy machine cost a word here and there: the test is of the way to the recogniser. */
const UNDERSTOOD = /\b(hello|tell me|time)\b/i;
const AUDIBLE_DB = -40;
const SILENT_DB = -60;
/** Where screenshots go, when somebody wants to look at them. */
const pictures = process.env.ROOMKIT_SCREENSHOTS;

let demo: Demo;
let question: Sound;
beforeAll(async () => {
  demo = await startDemo({ ROOMKIT_GREETING: GREETING });
  question = { samples: resample(await spoken(QUESTION), 48_000), sampleRate: 48_000 };
}, 90_000);
afterAll(() => demo.stop());

/** A browser whose person says the question `afterMs` after the page asked for the microphone, or nothing. */
async function call(
  path: string,
  options: { readonly afterMs?: number; readonly before?: () => void; readonly transport?: string },
): Promise<Caller> {
  const browser = await openBrowser(options.afterMs === undefined ? undefined : question, options.afterMs);
  const caller = await browser.caller(`${demo.url}${path}/ui/`, options.before ? { before: options.before } : {});
  const { page } = caller;
  if (options.transport) await choose(page, options.transport);
  await page.getByRole("button", { name: "Start call" }).click();
  return { ...caller, close: () => browser.close() };
}

async function choose(page: Page, transport: string): Promise<void> {
  await page.getByRole("button", { name: "Settings", exact: true }).click();
  await page.getByLabel("Transport").selectOption({ label: transport });
  await page.getByRole("button", { name: "Close settings" }).click();
}

/** What the details say under a name; undefined while they do not. */
async function fact(page: Page, name: string): Promise<string | undefined> {
  const entry = page.locator(".details div", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) });
  return (await entry.count()) > 0 ? ((await entry.locator("dd").textContent()) ?? undefined) : undefined;
}

/** Connected in this way; a server that is busy with other work may ask its caller to try again. */
async function connected(page: Page, name: string): Promise<void> {
  const again = page.getByRole("button", { name: "Try again" });
  await until(
    `the connection: ${name}`,
    async () => {
      if ((await fact(page, "Connection")) === name) return true;
      if (await again.isVisible()) await again.click();
      await page.waitForTimeout(500);
      return false;
    },
    40_000,
  );
}

/** As behind a firewall that lets no UDP through: nothing but a relay would do, and there is none. */
function blockUdp(): void {
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super({ ...configuration, iceTransportPolicy: "relay" });
    }
  };
}

/** Lets a test end the newest connection as a network would: without a word to anybody. */
function keepPeers(): void {
  const scope = globalThis as unknown as { losePeer(): void };
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      scope.losePeer = () => {
        this.close();
        Object.defineProperty(this, "connectionState", { value: "failed" });
        this.dispatchEvent(new Event("connectionstatechange"));
      };
    }
  };
}

const audible = (caller: Caller): Promise<boolean> => caller.level().then((db) => db > AUDIBLE_DB);

/** Waits for silence that lasts, longer than the pause between two sentences. */
async function quiet(caller: Caller): Promise<void> {
  let since = 0;
  await until("silence", async () => {
    since = (await caller.level()) < SILENT_DB ? since + 1 : 0;
    return since > 60;
  });
}

describe.skipIf(!haveChromium)("the demo page over WebRTC", () => {
  it("a person breaks in on the assistant, is understood, and is answered aloud", { timeout: 90_000 }, async () => {
    const caller = await call("/voice", { afterMs: 6_000, transport: "WebRTC" });
    try {
      const { page } = caller;
      const log = page.getByRole("log");
      await until("the greeting", () => audible(caller), 20_000);
      await log.locator(".line.you", { hasText: UNDERSTOOD }).first().waitFor({ timeout: 40_000 });
      await page.getByText("interrupted", { exact: true }).first().waitFor({ timeout: 20_000 });
      await log
        .getByText(/it is|it's|o'clock/i)
        .last()
        .waitFor({ timeout: 20_000 });
      await until("the answer", () => audible(caller), 20_000);
      await until("silence again", async () => !(await audible(caller)), 20_000);
      expect(await fact(page, "Connection")).toBe("WebRTC");
      await page.locator(".details:not(.sound-path) summary").click();
      await until("the network path", async () => /^UDP · you/.test((await fact(page, "Network path")) ?? ""), 10_000);
      await until(
        "packets",
        async () => Number((await fact(page, "Packets received"))?.replace(/\D/g, "")) > 100,
        10_000,
      );
      if (pictures) await page.screenshot({ path: `${pictures}/webrtc-call.png` });
      await page.getByRole("button", { name: "End", exact: true }).click();
      await page.getByRole("button", { name: "Start another call" }).waitFor();
      expect(caller.complaints).toEqual([]);
    } finally {
      await caller.close();
    }
  });

  it("falls silent at a press of the button, and goes on over the other transport when asked", {
    timeout: 150_000,
  }, async () => {
    const caller = await call("/voice", {});
    try {
      const { page } = caller;
      await until("the greeting", () => audible(caller), 20_000);
      expect(await fact(page, "Connection")).toBe("WebRTC");
      await page.getByRole("button", { name: "Interrupt" }).click();
      await quiet(caller);

      for (const [transport, name] of [
        ["WebSocket", "WebSocket · pcm16"],
        ["WebRTC", "WebRTC"],
      ] as const) {
        await choose(page, transport);
        await connected(page, name);
        await until("its greeting", () => audible(caller), 20_000);
        await page.getByRole("button", { name: "Interrupt" }).click();
        await quiet(caller);
      }
      // What was said before is still on the page.
      expect(await page.getByText("Changing the connection").count()).toBe(2);
      expect(await page.getByText("interrupted", { exact: true }).count()).toBe(3);
      if (pictures) await page.screenshot({ path: `${pictures}/webrtc-switched.png` });
      expect(caller.complaints.filter((complaint) => !/status of 503/.test(complaint))).toEqual([]);
    } finally {
      await caller.close();
    }
  });

  it("falls back to WebSocket where UDP is blocked", { timeout: 60_000 }, async () => {
    const caller = await call("/voice", { before: blockUdp });
    try {
      const { page } = caller;
      await until("the greeting", () => audible(caller), 20_000);
      expect(await fact(page, "Connection")).toBe("WebSocket · pcm16");
      expect(await fact(page, "No WebRTC because")).toMatch(/^connection_(timeout|failed)$/);
      await page.locator(".details:not(.sound-path) summary").click();
      if (pictures) await page.screenshot({ path: `${pictures}/webrtc-fallback.png` });
      expect(caller.complaints).toEqual([]);
    } finally {
      await caller.close();
    }
  });

  it("goes on in the same conversation when its connection is lost, and does not mind a network that changes", {
    timeout: 60_000,
  }, async () => {
    const caller = await call("/voice", { before: keepPeers });
    try {
      const { page } = caller;
      await until("the greeting", () => audible(caller), 20_000);
      const session = await fact(page, "Session");
      // The browser says so when it changes networks; the path holds here.
      await page.context().setOffline(true);
      await page.context().setOffline(false);
      await until("an answer to the question whether the line is there", () => audible(caller));
      expect(await page.getByText(/Connected again/).count()).toBe(0);

      await page.evaluate(() => (globalThis as unknown as { losePeer(): void }).losePeer());
      await page.getByText("Connected again", { exact: true }).waitFor({ timeout: 20_000 });
      expect(await fact(page, "Session")).toBe(session);
      expect(await fact(page, "Connection")).toBe("WebRTC");
      const box = page.getByRole("textbox", { name: "Write to the assistant" });
      await box.fill("What is ten plus thirty?");
      await box.press("Enter");
      await page
        .getByRole("log")
        .locator(".line.bot", { hasText: /forty|\b40\b/i })
        .last()
        .waitFor({ timeout: 20_000 });
      await until("the answer", () => audible(caller), 20_000);
      expect(caller.complaints).toEqual([]);
    } finally {
      await caller.close();
    }
  });

  it("talks speech to speech from the page of that mount", { timeout: 90_000 }, async () => {
    const caller = await call("/rtc-realtime", { afterMs: 5_000 });
    try {
      const { page } = caller;
      const log = page.getByRole("log");
      await log.locator(".line.you", { hasText: UNDERSTOOD }).first().waitFor({ timeout: 40_000 });
      await log.getByText("Assistant", { exact: true }).first().waitFor({ timeout: 20_000 });
      await until("the answer", () => audible(caller), 20_000);
      expect(await fact(page, "Connection")).toBe("WebRTC");
      if (pictures) await page.screenshot({ path: `${pictures}/webrtc-realtime.png` });
      expect(caller.complaints).toEqual([]);
    } finally {
      await caller.close();
    }
  });
});
