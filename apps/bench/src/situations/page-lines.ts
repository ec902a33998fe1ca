import type { Browser, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { type Echo, type Line, type Lines, NOISE_DB, NOTHING_DB, STRETCH_MS, type Told } from "./line.ts";
import { CALLER, installCaller, type PageCaller, type PageOptions } from "./page.ts";
import { RATE } from "./voices.ts";

const CONNECT_MS = 20_000;
const finder = new URL("../../../../scripts/lib/chromium.mjs", import.meta.url).href;

/** Calls from the demo's own page in Chromium, over WebRTC. @throws Error where there is no Chromium. */
export async function pageLines(url: string): Promise<Lines> {
  const { findChromium, chromiumArguments } = await import(finder);
  const executablePath: string | undefined = findChromium();
  if (executablePath === undefined)
    throw new Error("there is no Chromium on this machine: CHROME_PATH says where it is");
  const browser = await chromium.launch({ executablePath, args: [...chromiumArguments] });
  return {
    call: (echo) => PageLine.call(browser, url, echo),
    close: () => browser.close(),
  };
}

class PageLine implements Line {
  readonly levels: number[] = [];
  readonly told: Told[] = [];
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async call(browser: Browser, url: string, echo: Echo | undefined): Promise<PageLine> {
    // The page's policy would forbid the meter.
    const context = await browser.newContext({ permissions: ["microphone"], bypassCSP: true });
    const page = await context.newPage();
    // What runs this from source names functions by a helper that the page does not have.
    await page.addInitScript("globalThis.__name = (named) => named");
    const options: PageOptions = {
      echo,
      rate: RATE,
      noiseDb: NOISE_DB,
      nothingDb: NOTHING_DB,
      stretch: (RATE * STRETCH_MS) / 1000,
    };
    await page.addInitScript(installCaller, options);
    await page.goto(`${url}/voice/ui/`);
    await page.getByRole("button", { name: "Settings", exact: true }).click();
    await page.getByLabel("Transport").selectOption({ label: "WebRTC" });
    await page.getByRole("button", { name: "Close settings" }).click();
    await page.getByRole("button", { name: "Start call" }).click();
    const line = new PageLine(page);
    const deadline = performance.now() + CONNECT_MS;
    while (!line.told.some(({ message }) => message.event === "ready" || message.type === "state")) {
      if (performance.now() > deadline) throw new Error(`the page has no call after ${CONNECT_MS} ms`);
      await line.look();
    }
    return line;
  }

  get nowMs(): number {
    return this.levels.length * STRETCH_MS;
  }

  async look(): Promise<void> {
    const { levels, messages } = await this.#page.evaluate(
      ([name, seenLevels, seenMessages]) =>
        (globalThis as unknown as Record<string, PageCaller>)[name]?.look(seenLevels, seenMessages) as ReturnType<
          PageCaller["look"]
        >,
      [CALLER, this.levels.length, this.told.length] as const,
    );
    this.levels.push(...levels);
    this.told.push(...messages.map(([atMs, text]) => ({ atMs, message: JSON.parse(text) })));
  }

  speak(samples: Int16Array): Promise<number> {
    const base64 = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString("base64");
    return this.#page.evaluate(
      ([name, sound]) => (globalThis as unknown as Record<string, PageCaller>)[name]?.speak(sound) as number,
      [CALLER, base64] as const,
    );
  }

  async close(): Promise<void> {
    await this.#page.getByRole("button", { name: "End", exact: true }).click();
    await this.#page.context().close();
  }
}
