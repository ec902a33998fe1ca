import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../../scripts/lib/chromium.mjs";
import { Processes, TOKEN } from "./calls.ts";
import { type Site, serve } from "./site.ts";

const executablePath = findChromium();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// The page as it is shipped, in a real browser, in front of three inspectors on one bus.
describe.skipIf(executablePath === undefined)("the inspector's page", { timeout: 180_000 }, () => {
  let processes: Processes;
  let site: Site;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    processes = new Processes(3);
    await processes.ring(20);
    processes.talk();
    site = await serve(processes);
    browser = await chromium.launch({ executablePath: executablePath as string, args: [...chromiumArguments] });
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  afterEach(async () => {
    await context?.close();
    expect(problems.splice(0)).toEqual([]);
  });

  async function open(hash = `#token=${TOKEN}`, options: Parameters<Browser["newContext"]>[0] = {}): Promise<void> {
    context = await browser.newContext({ viewport: { width: 1_280, height: 800 }, ...options });
    page = await context.newPage();
    page.setDefaultTimeout(45_000);
    page.on("pageerror", (error) => problems.push(error.message));
    // A policy that is broken shows here too; that a token was asked for is none.
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("401")) problems.push(message.text());
    });
    await page.goto(`${site.url}${hash}`);
  }

  const row = (who: string) => page.locator(".row", { hasText: who });
  const violations = async (): Promise<unknown> => {
    await page.evaluate(axe);
    return await page.evaluate(async () => {
      const { axe } = window as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      const result = await axe.run();
      return result.violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
    });
  };

  it("asks for a token, keeps none in its address, and shows calls of all processes", async () => {
    await open("");
    await page.getByLabel("Token").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("This token is not good").waitFor();
    expect(await violations()).toEqual([]);
    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Show the calls" }).click();
    await expect.poll(() => page.locator(".row").count(), { timeout: 45_000 }).toBe(20);
    await page.goto(`${site.url}#token=${TOKEN}`);
    await page.reload();
    await page.goto(`${site.url}?again#token=${TOKEN}`);
    await row("dmitri").waitFor();
    expect(page.url()).not.toContain(TOKEN);
    expect(await row("farid").textContent()).toMatch(/6\.6 % lost/);
    await page.getByRole("button", { name: /^dmitri\b.* for \d+:\d\d\b.* last answer after .* echo$/ }).waitFor();
    await page.getByRole("searchbox").fill("voice-2 esther");
    await expect.poll(() => page.locator(".row").count()).toBe(1);
  });

  it("mutes and ends a call of another process by keys alone, and says what became of it", async () => {
    await open();
    await row("bashir").focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("bashir");
    await page.locator(".turns summary").first().waitFor();
    expect(await page.locator(".facts", { hasText: "Lost packets" }).textContent()).toMatch(
      /Lost packets\s*not measured/,
    );
    const mute = page.getByRole("button", { name: "Mute caller" });
    await mute.press("Enter");
    await page.getByText("what they say reaches nobody").waitFor();
    await expect.poll(() => mute.getAttribute("aria-pressed"), { timeout: 45_000 }).toBe("true");
    await page.getByRole("button", { name: "End call" }).press("Enter");
    await page.keyboard.press("Escape");
    expect(processes.left).toEqual([]);
    await page.getByRole("button", { name: "End call" }).press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "End call" }).press("Enter");
    await page.getByText("The call was ended.").waitFor();
    expect(processes.left).toEqual(["session_2"]);
    await page.getByText("Ended: server_closed").first().waitFor();
    await page.getByRole("button", { name: "Close" }).focus();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator(".panel").count()).toBe(0);
  });

  it("asks again whoever thinks again, and at once", async () => {
    await open();
    await row("chiara").click();
    const end = page.getByRole("button", { name: "End call" });
    await end.press("Enter");
    await page.getByRole("dialog").waitFor();
    // The dialog has closed, and that has not been told.
    await page.evaluate(() => {
      const again = [...document.querySelectorAll("button")].find(({ textContent }) => textContent === "End call");
      const dialog = document.querySelector("dialog") as HTMLDialogElement;
      const closed = new MutationObserver(() => {
        closed.disconnect();
        again?.click();
      });
      closed.observe(dialog, { attributeFilter: ["open"] });
    });
    await page.keyboard.press("Escape");
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    await page.getByRole("dialog").getByRole("button", { name: "Keep it" }).click();
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("End call");
  });

  it("keeps what it shows while there is no connection, and comes back by itself", async () => {
    await open();
    await row("jules").waitFor();
    site.cut();
    await page.getByText("No connection, trying again").waitFor();
    expect(await row("jules").count()).toBe(1);
    await page.getByText("Live", { exact: true }).waitFor();
    problems.length = 0;
  });

  it.each([
    ["light", 1_280],
    ["dark", 390],
    ["light", 320],
  ] as const)("has no accessibility violation axe can find, and fits (%s, %d wide)", async (colorScheme, width) => {
    await open(undefined, { viewport: { width, height: 800 }, colorScheme });
    await row("jules").waitFor();
    expect(await violations()).toEqual([]);
    const fits = (): Promise<boolean> =>
      page.evaluate(() => {
        const edges = [...document.querySelectorAll("button, input")].map((each) => each.getBoundingClientRect().right);
        return Math.max(document.documentElement.scrollWidth, ...edges) <= window.innerWidth;
      });
    expect(await fits()).toBe(true);
    await row("jules").click();
    await page.locator(".turns summary").first().click();
    expect(await violations()).toEqual([]);
    expect(await fits()).toBe(true);
    await page.getByRole("button", { name: "Close" }).click();
    await expect.poll(() => row("jules").evaluate((it) => it === document.activeElement)).toBe(true);
  });
});
