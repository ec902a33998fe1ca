import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../../scripts/lib/chromium.mjs";
import { builtPage } from "./harness/page-source.ts";
import { type ScriptedCall, ScriptedServer } from "./harness/scripted-server.ts";
import { speech } from "./harness/speech.ts";

const executablePath = findChromium();

// What the page owes to those who see, move or point otherwise than its makers.
describe.skipIf(executablePath === undefined)("the page", { timeout: 180_000 }, () => {
  let server: ScriptedServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    server = await ScriptedServer.listen(await builtPage());
    browser = await chromium.launch({ executablePath: executablePath as string, args: [...chromiumArguments] });
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  afterEach(() => context?.close());

  async function open(options: Parameters<Browser["newContext"]>[0] = {}): Promise<void> {
    context = await browser.newContext({ viewport: { width: 1_280, height: 800 }, ...options });
    page = await context.newPage();
    page.setDefaultTimeout(45_000);
    await page.goto(server.url);
  }

  async function call(): Promise<ScriptedCall> {
    await page.getByRole("button", { name: "Start call" }).click();
    await page.getByRole("heading", { name: "Listening" }).waitFor();
    return server.call;
  }

  const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.textContent ?? "");
  /** A colour as the screen shows it, `[r, g, b]`. */
  const shown = (selector: string, property: "color" | "backgroundColor"): Promise<number[]> =>
    page
      .locator(selector)
      .first()
      .evaluate((element, name) => {
        const context = new OffscreenCanvas(1, 1).getContext("2d") as OffscreenCanvasRenderingContext2D;
        context.fillStyle = getComputedStyle(element)[name];
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
      }, property);
  const luminance = (colour: number[]): number => {
    const [r = 0, g = 0, b = 0] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one: number[], other: number[]): number => {
    const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };

  it("leaves nobody nowhere: from the call's end one goes on at the next, from the skip link in the conversation", async () => {
    await open();
    // Keys go where the browser is: on a busy machine a page is there before that.
    await page.bringToFront();
    await page.getByText("Skip to the conversation").waitFor({ state: "attached" });
    await page.waitForFunction(() => document.hasFocus() && document.readyState === "complete");
    await page.keyboard.press("Tab");
    await page.waitForFunction(() => document.activeElement !== document.body);
    expect(await focused()).toBe("Skip to the conversation");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("log");
    await call();
    // Space does what it does anywhere.
    expect(await focused()).toMatch(/^Mute/);
    await page.getByRole("button", { name: "End", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Call ended" }).waitFor();
    expect(await focused()).toBe("Start another call");
    // Who stood on what goes.
    for (const stand of [
      () => page.getByRole("button", { name: "Mute" }).focus(),
      () => page.getByRole("textbox", { name: "Write to the assistant" }).focus(),
    ]) {
      await page.waitForTimeout(500);
      await page.getByRole("button", { name: "Start another call" }).click();
      await page.getByRole("heading", { name: "Listening" }).waitFor();
      await stand();
      server.call.close(1_000, "over");
      await page.getByRole("heading", { name: "Call ended" }).waitFor();
      expect(await focused()).toBe("Start another call");
    }
  });

  it("mutes by one button of one name, which shows that it is pressed, also under the pointer", async () => {
    await open({ reducedMotion: "reduce" });
    await call();
    const mute = page.getByRole("button", { name: "Mute", exact: true });
    expect(await mute.getAttribute("aria-pressed")).toBe("false");
    await mute.click();
    await page.getByRole("heading", { name: "Muted" }).waitFor();
    expect(await mute.getAttribute("aria-pressed")).toBe("true");
    const pressed = ".control[aria-pressed=true]";
    expect(contrast(await shown(pressed, "color"), await shown(pressed, "backgroundColor"))).toBeGreaterThan(4.5);
  });

  it.each(["light", "dark"] as const)("writes its labels in colours that can be read (%s)", async (colorScheme) => {
    await open({ colorScheme });
    const made = await call();
    made.say({ type: "transcript", id: "u1", role: "user", text: "Question?", final: true, revision: 0 });
    made.say({ type: "transcript", id: "a1", role: "assistant", text: "Answer.", final: true, revision: 0 });
    await page.locator(".line.bot").waitFor();
    const paper = await shown("body", "backgroundColor");
    const sheet = await shown(".sheet", "backgroundColor");
    for (const voice of ["you", "bot"]) {
      expect(contrast(await shown(`.lane.${voice}`, "color"), paper), `lane ${voice}`).toBeGreaterThanOrEqual(4.5);
      // Nothing of the picture shines through.
      expect(await shown(`.lane.${voice}`, "backgroundColor")).toEqual(paper);
      expect(contrast(await shown(`.line.${voice} .speaker`, "color"), sheet), voice).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("keeps the dot of a line that goes on with its last word", async () => {
    await open({ viewport: { width: 320, height: 568 }, reducedMotion: "reduce" });
    const made = await call();
    const words = "What is the weather going to be like in Paris tomorrow afternoon please".split("");
    for (let length = 1, revision = 0; length <= words.length; length++) {
      const text = words.slice(0, length).join("");
      made.say({ type: "transcript", id: "u1", role: "user", text, final: false, revision: revision++ });
      await page
        .locator(".line.you.partial .bubble")
        .and(page.getByText(text.trim(), { exact: false }))
        .waitFor();
      const apart = await page.locator(".line.you .bubble").evaluate((bubble) => {
        const text = bubble.firstChild as Text;
        const last = document.createRange();
        last.setStart(text, text.length - 1);
        last.setEnd(text, text.length);
        const dot = (bubble.querySelector(".dot") as HTMLElement).getClientRects();
        const { top, bottom } = last.getBoundingClientRect();
        return [...dot].some((part) => part.width > 1 && (part.top >= bottom || part.bottom <= top));
      });
      expect(apart, text).toBe(false);
    }
  });

  it("shows where more is to be scrolled to", async () => {
    await open({ viewport: { width: 360, height: 740 } });
    await call();
    await page.locator(".details:not(.sound-path) summary").click();
    await page.getByRole("button", { name: "Settings" }).click();
    for (const selector of [".settings form", ".details dl"]) {
      const haze = await page.locator(selector).evaluate((element) => {
        const { position, backgroundImage } = getComputedStyle(element, "::after");
        return [position, backgroundImage.startsWith("linear-gradient")];
      });
      expect(haze, selector).toEqual(["sticky", true]);
    }
  });

  it("shows its states in the system's colours too", async () => {
    await open({ forcedColors: "active", reducedMotion: "reduce" });
    expect(
      contrast(await shown(".controls button", "color"), await shown(".controls button", "backgroundColor")),
    ).toBeGreaterThan(7);
    await call();
    const canvas = await shown("body", "backgroundColor");
    expect(contrast(await shown(".glyph i", "backgroundColor"), canvas)).toBeGreaterThan(3);
    const rest = await shown(".control[aria-pressed]", "backgroundColor");
    await page.getByRole("button", { name: "Mute" }).click();
    await page.getByRole("heading", { name: "Muted" }).waitFor();
    expect(await shown(".control[aria-pressed]", "backgroundColor")).not.toEqual(rest);
    await page.getByRole("button", { name: "Settings" }).click();
    const drawn = page.getByRole("switch", { name: "Cancel echo" });
    expect(await drawn.evaluate((box) => getComputedStyle(box).appearance)).toBe("auto");
  });

  it("draws a still picture for who wants no movement, and another with each turn", async () => {
    await open({ reducedMotion: "reduce" });
    const made = await call();
    const picture = (): Promise<string> =>
      page.locator(".duet canvas").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const heard = (): Promise<number> =>
      page.getByRole("meter", { name: "The assistant's voice" }).evaluate((meter) => Number(meter.ariaValueNow));
    // What the call's state has drawn is there.
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    const still = await picture();
    made.speak(speech(4));
    await expect.poll(heard, { timeout: 45_000 }).toBeGreaterThan(-50);
    await page.waitForTimeout(500);
    expect(await picture()).toBe(still);
    made.say({ type: "state", state: "speaking", since: 0 });
    await expect.poll(picture, { timeout: 45_000 }).not.toBe(still);
  });

  it("can be read where it is smallest, by scrolling", async () => {
    await open({ viewport: { width: 320, height: 256 } });
    const made = await call();
    made.say({ type: "transcript", id: "u1", role: "user", text: "Still to be read?", final: true, revision: 0 });
    const line = page.locator(".line.you", { hasText: "Still to be read?" });
    await line.scrollIntoViewIfNeeded();
    expect((await page.getByRole("log").boundingBox())?.height).toBeGreaterThan(100);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    const end = page.getByRole("button", { name: "End", exact: true });
    await end.scrollIntoViewIfNeeded();
    await end.click();
    await page.getByRole("heading", { name: "Call ended" }).waitFor();
  });
});
