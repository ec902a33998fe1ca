import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { haveChromium, openBrowser } from "./browser.fixture.ts";
import { type Demo, startDemo } from "./demo.fixture.ts";
import { haveRecordings, readSound, recordings, resample, until } from "./speech.fixture.ts";

let demo: Demo;
const operators = "for-operators-alone";
beforeAll(async () => {
  demo = await startDemo({ ROOMKIT_INSPECT_TOKEN: operators });
}, 90_000);
afterAll(() => demo.stop());

/** Where screenshots go, when somebody wants to look at them. */
const pictures = process.env.ROOMKIT_SCREENSHOTS;

describe.skipIf(!haveChromium)("the demo page in Chromium", () => {
  it.skipIf(!haveRecordings)(
    "a person speaks, is understood, and is answered aloud",
    { timeout: 120_000 },
    async () => {
      const sound = { samples: resample(readSound(recordings.goForward.file), 48_000), sampleRate: 48_000 };
      const browser = await openBrowser(sound, 12_000);
      try {
        const caller = await browser.caller(demo.url);
        await caller.page.getByRole("button", { name: "Start call" }).click();
        const log = caller.page.getByRole("log");
        await log.getByText(/You are talking to Room Kit/).waitFor({ timeout: 20_000 });
        await log.getByText(recordings.goForward.says).waitFor({ timeout: 30_000 });
        // The greeting, the words, and an answer to them.
        await until("the answer", async () => (await log.getByText("Assistant", { exact: true }).count()) >= 2, 20_000);
        await until("sound", async () => (await caller.loudest()) > -40, 20_000);
        await until(
          "the state",
          async () => caller.page.getByRole("button", { name: "Interrupt" }).isDisabled(),
          30_000,
        );
        if (pictures) await caller.page.screenshot({ path: `${pictures}/call-light.png` });
        await caller.page.getByRole("button", { name: "End", exact: true }).click();
        await caller.page.getByRole("button", { name: "Start another call" }).waitFor();
        expect(caller.complaints).toEqual([]);
      } finally {
        await browser.close();
      }
    },
  );

  it("works with the keyboard and without a microphone's help: a written question is answered aloud, until an operator ends the call", {
    timeout: 90_000,
  }, async () => {
    const browser = await openBrowser(undefined);
    try {
      const caller = await browser.caller(demo.url, { colorScheme: "dark", width: 390 });
      await caller.page.getByRole("button", { name: "Start call" }).press("Enter");
      const box = caller.page.getByRole("textbox", { name: "Write to the assistant" });
      await until("the call", () => box.isEnabled(), 20_000);
      await box.fill("What is two plus three?");
      await box.press("Enter");
      await caller.page
        .getByRole("log")
        .locator(".line.bot", { hasText: /five|5/i })
        .first()
        .waitFor({ timeout: 20_000 });
      await until("sound", async () => (await caller.loudest()) > -40, 20_000);
      if (pictures) await caller.page.screenshot({ path: `${pictures}/call-dark-narrow.png` });
      const operator = await caller.page.context().newPage();
      await operator.goto(`${demo.url}/inspect/ui/#token=${operators}`);
      await operator.getByRole("button", { name: /^caller\b/ }).click();
      await operator.getByRole("button", { name: "End call" }).click();
      await operator.getByRole("dialog").getByRole("button", { name: "End call" }).click();
      await operator.getByText("The call was ended.").waitFor();
      await caller.page.getByRole("heading", { name: "Call ended" }).waitFor();
      expect(caller.complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });

  it("has an icon, which browsers ask for beside whatever they show", async () => {
    const icon = await fetch(`${demo.url}/favicon.ico`);
    expect([icon.status, icon.headers.get("content-type")]).toEqual([200, "image/svg+xml"]);
    expect((await fetch(`${demo.url}/favicon`)).status).toBe(404);
  });
});
