// Pictures of the page in its states: tsx --conditions=@roomkit/source test/harness/screenshots.ts FOLDER
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { chromiumArguments, findChromium } from "../../../../scripts/lib/chromium.mjs";
import { builtPage } from "./page-source.ts";
import { ScriptedServer } from "./scripted-server.ts";
import { tell } from "./story.ts";

const folder = process.argv[2] ?? "screenshots";
const executablePath = findChromium();
if (executablePath === undefined) throw new Error("there is no Chromium on this machine");
mkdirSync(folder, { recursive: true });

const sizes = {
  wide: [1440, 900],
  phone: [360, 740],
  small: [320, 568],
  wall: [3840, 2160],
  // 1280 by 800 at 200 %.
  zoomed: [640, 400],
  landscape: [740, 360],
} as const;
const server = await ScriptedServer.listen(await builtPage());
const browser = await chromium.launch({ executablePath, args: [...chromiumArguments] });
const only = process.argv[3];
for (const [size, [width, height]] of Object.entries(sizes)) {
  for (const colorScheme of ["light", "dark"] as const) {
    if (only && only !== `${size}-${colorScheme}`) continue;
    const page = await browser.newPage({ viewport: { width, height }, colorScheme, deviceScaleFactor: 1 });
    page.on("pageerror", (error) => console.error("page error:", error.message));
    page.on("console", (message) => message.type() === "error" && console.error("console:", message.text()));
    const shot = (name: string): Promise<unknown> =>
      page.screenshot({ path: `${folder}/${size}-${colorScheme}-${name}.png` });
    await page.goto(server.url);
    await page.getByRole("button", { name: "Start call" }).waitFor();
    await shot("1-idle");
    await page.getByRole("button", { name: "Start call" }).click();
    await page.getByRole("heading", { name: "Listening" }).waitFor();
    await tell(server.call, 0.5);
    await shot("2-speaking");
    await page.locator(".timing summary").last().click();
    await page.locator(".details:not(.sound-path) summary").click();
    server.call.say({ type: "state", state: "listening", since: 0 });
    server.call.say({ type: "transcript", id: "u9", role: "user", text: "And now", final: false, revision: 0 });
    server.call.say({ type: "error", code: "stt_failed", message: "x", retryable: true });
    await page.keyboard.press("m");
    await page.waitForTimeout(400);
    await shot("3-open");
    await page.getByRole("button", { name: "Settings" }).click();
    await page.waitForTimeout(300);
    await shot("4-settings");
    await page.close();
    console.log(size, colorScheme);
  }
}
await browser.close();
await server.close();
