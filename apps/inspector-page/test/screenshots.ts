// Pictures of the page with twenty calls: npm run screenshots FOLDER
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { chromiumArguments, findChromium } from "../../../scripts/lib/chromium.mjs";
import { Processes, TOKEN } from "./calls.ts";
import { serve } from "./site.ts";

const folder = process.argv[2] ?? "screenshots";
const executablePath = findChromium();
if (executablePath === undefined) throw new Error("there is no Chromium on this machine");
mkdirSync(folder, { recursive: true });

const sizes = { wide: [1280, 860], tablet: [900, 1100], phone: [390, 844], small: [320, 568] } as const;
const processes = new Processes(3);
await processes.ring(20);
processes.talk();
const site = await serve(processes);
const browser = await chromium.launch({ executablePath, args: [...chromiumArguments] });
for (const [size, [width, height]] of Object.entries(sizes)) {
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme });
    page.on("pageerror", (error) => console.error("page error:", error.message));
    page.on("console", (message) => message.type() === "error" && console.error("console:", message.text()));
    const shot = (name: string): Promise<unknown> =>
      page.screenshot({ path: `${folder}/${size}-${colorScheme}-${name}.png` });
    await page.goto(`${site.url}#token=${TOKEN}`);
    await page.locator(".row").nth(15).waitFor();
    await page.waitForTimeout(1_500);
    await shot("1-calls");
    await page.locator(".row", { hasText: "greta" }).click();
    await page.locator(".turns summary").first().waitFor();
    await page.waitForTimeout(400);
    await shot("2-call");
    await page.locator(".turns summary").first().click();
    await page.locator(".turns table").first().scrollIntoViewIfNeeded();
    await shot("3-turn");
    if (size === "wide" || size === "phone") {
      await page.getByRole("button", { name: "End call" }).click();
      await page.waitForTimeout(200);
      await shot("4-end");
    }
    await page.close();
    console.log(size, colorScheme);
  }
}
await browser.close();
await site.close();
