import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { ServerMessage } from "@roomkit/protocol";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../../scripts/lib/chromium.mjs";
import { builtPage } from "./harness/page-source.ts";
import { type ScriptedCall, ScriptedServer } from "./harness/scripted-server.ts";
import { speech } from "./harness/speech.ts";

const executablePath = findChromium();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// The page as it is shipped, in a real browser, against a server that does what the test says.
describe.skipIf(executablePath === undefined)("the page", { timeout: 180_000 }, () => {
  let server: ScriptedServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    server = await ScriptedServer.listen(await builtPage());
    browser = await chromium.launch({ executablePath: executablePath as string, args: [...chromiumArguments] });
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  afterEach(async () => {
    await context?.close();
    server.refuse = undefined;
    server.resumes = true;
    server.onCall = () => {};
    server.calls.length = 0;
    expect(problems.splice(0)).toEqual([]);
  });

  async function open(options: Parameters<Browser["newContext"]>[0] = {}): Promise<void> {
    context = await browser.newContext({ viewport: { width: 1_280, height: 800 }, ...options });
    page = await context.newPage();
    page.setDefaultTimeout(45_000);
    page.on("pageerror", (error) => problems.push(error.message));
    // A policy that is broken shows here too.
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("WebSocket connection to"))
        problems.push(message.text());
    });
    await page.goto(server.url);
  }

  async function call(): Promise<ScriptedCall> {
    await page.getByRole("button", { name: "Start call" }).click();
    await page.getByRole("heading", { name: "Listening" }).waitFor();
    return server.call;
  }

  const until = async (condition: () => boolean): Promise<void> => {
    await expect.poll(condition, { timeout: 45_000 }).toBe(true);
  };

  it("calls the mount it is served from, sends the microphone, and hangs up", async () => {
    await open();
    const made = await call();
    await until(() => made.audioFrames > 20);
    expect(made.received[0]).toMatchObject({ event: "start", protocol: 1, client: { name: "roomkit-page" } });
    await page.getByRole("button", { name: "End", exact: true }).click();
    await page.getByRole("heading", { name: "Call ended" }).waitFor();
    await until(() => made.received.some(({ event }) => event === "stop"));
    await until(() => !made.open);
    await page.getByRole("button", { name: "Start another call" }).waitFor();
  });

  it("writes along: partials, answers, times, and what was cut off", async () => {
    await open();
    const made = await call();
    made.say({ type: "transcript", id: "u1", role: "user", text: "What is", final: false, revision: 0 });
    await page.locator(".line.you.partial", { hasText: "What is" }).waitFor();
    made.say({ type: "transcript", id: "u1", role: "user", text: "What is it?", final: true, revision: 1 });
    made.say({ type: "state", state: "thinking", since: 0 });
    await page.getByRole("heading", { name: "Thinking" }).waitFor();
    made.say({ type: "state", state: "speaking", since: 0 });
    made.say({
      type: "transcript",
      id: "a1",
      role: "assistant",
      text: "It is this. And that.",
      final: false,
      revision: 0,
    });
    made.say({ type: "metrics", turn: { turnId: "1", endpointMs: 300, replyMs: 1_250, interrupted: false } });
    await page.locator(".line.you:not(.partial)", { hasText: "What is it?" }).waitFor();
    await page.getByText("1.25 s to reply").click();
    expect(await page.getByRole("row").allInnerTexts()).toEqual([
      expect.stringMatching(/End of speech[\s\S]*300 ms/),
      expect.stringMatching(/Reply[\s\S]*950 ms/),
    ]);
    const utterance = made.speak(speech(20));
    await until(() => made.received.some((message) => message.event === "playback"));
    await page.getByRole("button", { name: "Interrupt" }).click();
    await until(() => made.received.some(({ event }) => event === "interrupt"));
    made.say({ type: "clear", utterance });
    made.say({ type: "interrupted", utterance, heard: "It is this.", unheard: "And that." });
    made.say({
      type: "transcript",
      id: "a1",
      role: "assistant",
      text: "It is this. And that.",
      final: true,
      revision: 1,
      heard: "It is this.",
    });
    expect(await page.locator(".line.bot del").textContent()).toBe(" Not heard:  And that.");
    await page.getByText("interrupted", { exact: true }).waitFor();
    await until(() => made.received.some((message) => message.event === "playback" && message.done === true));
    expect(await page.locator("p[aria-live=polite]").textContent()).toBe("Assistant: It is this.");
  });

  it("moves a meter for each voice", async () => {
    await open();
    const made = await call();
    const level = (name: string): Promise<number> =>
      page.getByRole("meter", { name }).evaluate((meter) => Number(meter.getAttribute("aria-valuenow")));
    await expect.poll(() => level("Your microphone"), { timeout: 45_000 }).toBeGreaterThan(-50);
    made.speak(speech(10));
    await expect.poll(() => level("The assistant's voice"), { timeout: 45_000 }).toBeGreaterThan(-50);
    await page.keyboard.press("Space");
    await page.getByRole("heading", { name: "Muted" }).waitFor();
    await expect.poll(() => level("Your microphone"), { timeout: 45_000 }).toBe(-60);
  });

  it("is worked by keys alone", async () => {
    await open();
    await page.getByRole("button", { name: "Start call" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Listening" }).waitFor();
    const made = server.call;
    await page.locator("body").press("Space");
    await page.getByRole("heading", { name: "Muted" }).waitFor();
    await until(() => made.received.some((message) => message.event === "mute" && message.muted));
    await page.keyboard.press("m");
    await page.getByRole("heading", { name: "Listening" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("I am typing");
    await page.keyboard.press("Enter");
    await until(() => made.received.some((message) => message.event === "text" && message.text === "I am typing"));
    await page.locator(".line.you", { hasText: "I am typing" }).waitFor();
    // The server's own line of it is the same line.
    made.say({ type: "transcript", id: "u1", role: "user", text: "I am typing", final: true, revision: 0 });
    made.say({ type: "state", state: "thinking", since: 0 });
    await page.getByRole("heading", { name: "Thinking" }).waitFor();
    expect(await page.locator(".line.you").count()).toBe(1);
    // The first Escape leaves the text box, the second ends the call.
    await page.keyboard.press("Escape");
    expect(await page.getByRole("heading", { name: "Thinking" }).count()).toBe(1);
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Call ended" }).waitFor();
  });

  it("of a supervisor: says who speaks, takes the caller over, and gives back", async () => {
    await open();
    const made = await call();
    const attends = (mode: "listen" | "talk", ...talking: string[]): void =>
      made.say({ type: "data", name: "operator", payload: { mode, talking, call: "session_1" } });
    expect(await page.locator("[data-does='take over']").count()).toBe(0);
    attends("listen");
    await page.getByText("To a call. What you write is for the assistant alone.").waitFor();
    await page.getByPlaceholder("Tell the assistant, unheard by the caller").waitFor();
    const lines = [
      { role: "user", text: "Hello?" },
      { role: "assistant", text: "Hello." },
      { role: "user", text: "A person, please.", speaker: "Carla" },
      { role: "assistant", text: "Here is Ann.", speaker: "Ann" },
    ] as const;
    lines.forEach((line, i) => {
      made.say({ type: "transcript", id: `t${i}`, final: true, revision: 0, ...line });
    });
    await page.getByText("Here is Ann.", { exact: true }).waitFor();
    expect(await page.locator(".line .speaker").allInnerTexts()).toEqual(["Caller", "Assistant", "Carla", "Ann"]);
    expect(await page.locator("p[aria-live=polite]").textContent()).toBe("Ann: Here is Ann.");
    attends("listen", "bob");
    await page.getByText("bob speaks with the caller.").waitFor();
    await page.getByRole("button", { name: "Speak with the caller" }).click();
    const asked = (): unknown[] =>
      made.received.flatMap((m) => (m.event === "data" && m.name === "operator" ? [m.payload] : []));
    await until(() => asked().length === 1);
    attends("talk", "bob", "ann");
    await page.getByRole("heading", { name: "You speak" }).waitFor();
    await page.getByRole("button", { name: "Give the call back" }).click();
    await until(() => asked().length === 2);
    expect(asked()).toEqual([{ mode: "talk" }, { mode: "listen" }]);
    made.say({ type: "bye", reason: "call_ended", resumable: false, code: 1000 });
    made.break();
    await page.getByRole("heading", { name: "Call ended" }).waitFor();
    expect(await page.getByRole("alert").getByRole("paragraph").count()).toBe(0);
    // The next one is this person's own.
    await page.getByRole("button", { name: "Start another call" }).click();
    await page.getByText("Go ahead and speak.").waitFor();
    expect(await page.locator("[data-does='take over']").count()).toBe(0);
  });

  it("says why there is no call to attend", async () => {
    await open();
    server.onCall = (made) => made.say({ type: "error", code: "no_call", message: "refused", retryable: false });
    await page.getByRole("button", { name: "Start call" }).click();
    await page.getByText("There is no call to attend just now. Try again when there is one.").waitFor();
  });

  it("sends a sample for those without a microphone, calling first if need be", async () => {
    await open({ permissions: [] });
    await page.getByRole("button", { name: /No microphone\? Send a sample/ }).click();
    await page.getByText("No microphone: type, or send a sample.").waitFor();
    await until(() => server.call.audioFrames > 60);
    await page.getByRole("button", { name: /Send a sample: .?Tell me a joke/ }).waitFor();
    await page.getByRole("button", { name: "Mute", exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "Mute", exact: true }).isDisabled()).toBe(true);
  });

  it("comes back after a lost connection, and says so", async () => {
    await open();
    const made = await call();
    made.say({ type: "transcript", id: "u1", role: "user", text: "Still here", final: true, revision: 0 });
    await page.locator(".line.you", { hasText: "Still here" }).waitFor();
    made.break();
    await page.getByText("Connected again", { exact: true }).waitFor();
    await page.getByRole("heading", { name: "Listening" }).waitFor();
    expect(server.calls.length).toBe(2);
    expect(await page.locator(".line.you", { hasText: "Still here" }).count()).toBe(1);
  });

  it("ends every line that was being written when its connection does", async () => {
    await open();
    const made = await call();
    made.say({ type: "transcript", id: "u1", role: "user", text: "Half a", final: false, revision: 3 });
    made.say({ type: "transcript", id: "a1", role: "assistant", text: "Half an", final: false, revision: 0 });
    await page.locator(".line.bot.partial", { hasText: "Half an" }).waitFor();
    server.resumes = false;
    made.break();
    await page.getByText("Connected again, in a new conversation", { exact: true }).waitFor();
    expect(await page.locator(".partial").count()).toBe(0);
    // The new conversation has an u1 of its own.
    server.call.say({ type: "transcript", id: "u1", role: "user", text: "Anew", final: false, revision: 0 });
    await page.locator(".line.you.partial", { hasText: "Anew" }).waitFor();
    expect(await page.locator(".line.you").allInnerTexts()).toEqual([
      expect.stringMatching("Half a"),
      expect.stringMatching("Anew"),
    ]);
    await page.getByRole("button", { name: "End", exact: true }).click();
    await page.getByRole("heading", { name: "Call ended" }).waitFor();
    expect(await page.locator(".partial").count()).toBe(0);
  });

  it("takes a double click, or a key that is held down, for one", async () => {
    await open();
    await page.getByRole("button", { name: "Start call" }).dblclick();
    await page.getByRole("heading", { name: "Listening" }).waitFor();
    // At the same place: "Mute" would be off again, and what was "End" is "Start another call".
    await page.getByRole("button", { name: "Mute", exact: true }).dblclick();
    await page.getByRole("heading", { name: "Muted" }).waitFor();
    await page.getByRole("button", { name: "End", exact: true }).dblclick();
    await page.getByRole("heading", { name: "Call ended" }).waitFor();
    await page.waitForTimeout(500);
    expect([server.calls.length, await page.getByRole("heading", { name: "Call ended" }).count()]).toEqual([1, 1]);

    await page.getByRole("button", { name: "Start another call" }).focus();
    for (let i = 0; i < 20; i++) await page.keyboard.down("Enter");
    await page.getByRole("heading", { name: "Muted" }).waitFor();
    await page.keyboard.up("Enter");
    expect(server.calls.length).toBe(2);
    expect(server.call.received.filter(({ event }) => event === "mute").length).toBe(1);
  });

  it("says that a server is silent before it is given up, and that there is no connection while there is none", async () => {
    await open();
    const made = await call();
    await page.getByText("Good connection").waitFor();
    made.answering = false;
    await page.getByText("No connection").waitFor();
    await page.getByRole("heading", { name: "Listening" }).waitFor();
    made.answering = true;
    await page.getByText("Poor connection").waitFor();
    made.break();
    await page.getByText("Connected again", { exact: true }).waitFor();
    await page.getByText("Good connection").waitFor();
  });

  it.each([
    [401, /not allowed to make this call/],
    [404, /no voice endpoint at this address/],
    [503, /busy with other calls/],
  ])("explains a server that answers %d", async (status, sentence) => {
    await open();
    server.refuse = status;
    await page.getByRole("button", { name: "Start call" }).click();
    await expect
      .poll(() => page.getByRole("alert").allInnerTexts(), { timeout: 45_000 })
      .toContainEqual(expect.stringMatching(sentence));
    await page.getByRole("heading", { name: "Call ended" }).waitFor();
    // The browser writes failed requests to the console itself.
    problems.splice(0);
    server.refuse = undefined;
    await page.getByRole("button", { name: "Start another call" }).click();
    await page.getByRole("heading", { name: "Listening" }).waitFor();
    expect(await page.getByRole("alert").allInnerTexts()).not.toContainEqual(expect.stringMatching(sentence));
  });

  it("goes on without a microphone that is not allowed, says what to do, and tries again in the call", async () => {
    await open();
    await page.evaluate(() => {
      const { mediaDevices } = navigator;
      const allowed = mediaDevices.getUserMedia.bind(mediaDevices);
      mediaDevices.getUserMedia = (constraints) =>
        document.documentElement.dataset.allowed
          ? allowed(constraints)
          : Promise.reject(new DOMException("no", "NotAllowedError"));
    });
    await page.getByRole("button", { name: "Start call" }).click();
    await page.getByText(/The microphone is blocked. Allow it/).waitFor();
    await page.getByRole("heading", { name: "Listening" }).waitFor();
    await page.getByRole("button", { name: "Dismiss" }).click();
    expect(await page.getByText(/The microphone is blocked/).count()).toBe(0);
    // The notice stays, and so does the way back.
    await page.getByText("No microphone: type, or send a sample.").waitFor();
    const again = page.getByRole("button", { name: "Try the microphone again" });
    await again.click();
    await page.getByText(/The microphone is blocked. Allow it/).waitFor();
    await page.evaluate(() => {
      document.documentElement.dataset.allowed = "yes";
    });
    await page.getByRole("button", { name: "Try again", exact: true }).click();
    await again.waitFor({ state: "detached" });
    await page.getByText("Go ahead and speak.").waitFor();
    expect(await page.getByText(/The microphone is blocked/).count()).toBe(0);
    const made = server.call;
    await until(() => made.audioFrames > 20);
    expect(server.calls.length).toBe(1);
  });

  it("keeps settings, but not the token, and uses them", async () => {
    await open();
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByLabel("Access token").fill("secret");
    await page.getByLabel("Codec").selectOption("mulaw");
    await page.getByLabel("Receive at").selectOption("8000");
    await page.keyboard.press("Escape");
    const made = await call();
    expect(made.received[0]).toMatchObject({
      audio: { send: { codec: "mulaw", sampleRate: 16_000 }, receive: { codec: "mulaw", sampleRate: 8_000 } },
    });
    await page.reload();
    await page.getByRole("button", { name: "Settings" }).click();
    expect(await page.getByLabel("Codec").inputValue()).toBe("mulaw");
    expect(await page.getByLabel("Access token").inputValue()).toBe("");
    expect(await page.getByLabel("Transport").locator("option:enabled").allTextContents()).toEqual([
      "Automatic",
      "WebRTC",
      "WebSocket",
    ]);
  });

  it.each(["Escape", "Enter"])("opens its settings again at once after %s", async (key) => {
    await open();
    await page.getByRole("button", { name: "Settings" }).click();
    const dialog = page.getByRole("dialog", { name: "Settings" });
    await dialog.getByRole("button", { name: "Close settings" }).focus();
    // The dialog has closed, and that has not been told.
    await page.evaluate(() => {
      const again = [...document.querySelectorAll("button")].find((each) => each.ariaLabel === "Settings");
      const closed = new MutationObserver(() => {
        closed.disconnect();
        again?.click();
      });
      closed.observe(document.querySelector("dialog.settings") as Element, { attributeFilter: ["open"] });
    });
    await page.keyboard.press(key);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    await dialog.getByRole("button", { name: "Close settings" }).click();
    await dialog.waitFor({ state: "hidden" });
  });

  it("offers the devices there are, and changes them in the call", async () => {
    await open();
    const made = await call();
    await page.getByRole("button", { name: "Settings" }).click();
    const microphone = page.getByLabel("Microphone", { exact: true });
    await expect.poll(() => microphone.locator("option").count(), { timeout: 45_000 }).toBeGreaterThan(2);
    await microphone.selectOption({ index: 2 });
    const before = made.audioFrames;
    await until(() => made.audioFrames > before + 20);
    expect(await page.getByLabel("Address or path").isDisabled()).toBe(true);
  });

  it("wears the theme it is told to, from the first moment", async () => {
    await open({ colorScheme: "light" });
    const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    const toggle = page.getByRole("button", { name: /^Theme/ });
    await toggle.click();
    expect(await background()).toBe(light);
    await toggle.click();
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.addInitScript(() => {
      document.addEventListener("DOMContentLoaded", () => {
        Object.assign(window, { first: document.documentElement.dataset.theme });
      });
    });
    await page.reload();
    expect(await page.evaluate(() => (window as { first?: string }).first)).toBe("dark");
    expect(await background()).toBe(dark);
  });

  it.each([
    [320, 568],
    [360, 740],
    // 1280 by 800 at 200 %, and phones on their side.
    [640, 400],
    [568, 320],
    [932, 430],
    [768, 1_024],
    [1_280, 800],
    [3_840, 2_160],
  ])("fits a window of %d by %d", async (width, height) => {
    await open({ viewport: { width, height } });
    const made = await call();
    made.say({
      type: "transcript",
      id: "u1",
      role: "user",
      text: "Donaudampfschifffahrtsgesellschaftskapitaen ".repeat(4),
      final: true,
      revision: 0,
    });
    made.say({ type: "error", code: "stt_failed", message: "", retryable: true });
    await page.getByRole("alert").filter({ hasText: "Something went wrong" }).waitFor();
    const overflow = await page.evaluate(() => ({
      x: document.documentElement.scrollWidth - innerWidth,
      y: document.documentElement.scrollHeight - innerHeight,
    }));
    expect(overflow).toEqual({ x: 0, y: 0 });
    // With the banner that is over it, a sentence can still be read.
    const log = await page.getByRole("log").boundingBox();
    expect(log?.height).toBeGreaterThan(72);
    const spread = (): Promise<number> =>
      page.locator(".panel").evaluate((panel) => panel.scrollWidth - panel.clientWidth);
    expect(await spread()).toBe(0);
    server.refuse = 503;
    made.break();
    // The longest word there is.
    await page.getByRole("heading", { name: "Reconnecting" }).waitFor();
    expect(await spread()).toBe(0);
    for (const name of ["Mute", "Interrupt", "End", "Send", "Settings"]) {
      const box = await page.getByRole("button", { name, exact: true }).boundingBox();
      expect(box && box.x >= 0 && box.x + box.width <= width && box.y + box.height <= height, name).toBe(true);
      expect(Math.min(box?.width ?? 0, box?.height ?? 0), name).toBeGreaterThanOrEqual(36);
    }
    await context.close();
    // The browser writes failed requests to the console itself.
    problems.splice(0);
  });

  const desk = (recording: object): ServerMessage => ({
    type: "data",
    name: "sound",
    payload: {
      type: "state",
      stages: [
        { role: "aec", state: "native" },
        { role: "denoiser", state: "off" },
      ],
      recording,
    },
  });
  /** What the page has asked of the desk. */
  const asked = (made: ScriptedCall): unknown[] =>
    made.received.flatMap((message) => (message.event === "data" ? [message.payload] : []));

  it("shows what the server does to the sound, where it says so, and switches it", async () => {
    await open();
    const made = await call();
    await until(() => asked(made).length === 1);
    expect(asked(made)).toEqual([{ type: "hello" }]);
    expect(await page.getByText("Your sound at the server").count()).toBe(0);
    made.say(desk({ state: "off" }));
    await page.locator(".sound-path summary").click();
    await until(() => asked(made).some((each) => (each as { type: string }).type === "watch"));
    made.say({ type: "data", name: "sound", payload: { type: "level", before: -40, after: -20, speech: 0.9 } });
    await page
      .getByRole("meter", { name: "Level behind the stages" })
      .and(page.locator("[aria-valuenow='-20']"))
      .waitFor();
    expect(await page.getByLabel("Level before the stages").getAttribute("aria-valuetext")).toBe("-40 decibels");
    await page.locator(".sound-path summary").click();
    await until(() => JSON.stringify(asked(made).at(-1)) === '{"type":"watch","on":false}');
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByRole("switch", { name: "Cancel echo (your browser does)" }).waitFor();
    await page
      .getByRole("group", { name: "Your sound at the server" })
      .getByRole("switch", { name: "Suppress noise" })
      .click();
    await until(() => JSON.stringify(asked(made).at(-1)) === '{"type":"switch","role":"denoiser","on":true}');
    // Nonsense changes nothing.
    for (const payload of [
      null,
      7,
      { type: "state" },
      { type: "state", stages: [null, { role: "toString", state: "on" }] },
    ])
      made.say({ type: "data", name: "sound", payload });
    made.say(desk({ state: "off" }));
    await page.getByRole("switch", { name: "Cancel echo (your browser does)" }).waitFor();
  });

  it("records only when somebody has said that all agree, and plays it when the call is over", async () => {
    await open();
    const made = await call();
    made.say(desk({ state: "off" }));
    await page.getByRole("button", { name: "Record this call" }).click();
    await page.getByRole("button", { name: "No", exact: true }).click();
    await page.getByRole("button", { name: "Record this call" }).click();
    expect(asked(made).some((each) => (each as { type: string }).type === "record")).toBe(false);
    await page.getByRole("button", { name: "Yes, record" }).click();
    await until(() => JSON.stringify(asked(made).at(-1)) === '{"type":"record","action":"start"}');
    made.say(desk({ state: "recording", address: "/recordings/1.wav" }));
    await page.getByRole("button", { name: "Pause" }).click();
    made.say(desk({ state: "paused", address: "/recordings/1.wav" }));
    await page.getByText("Recording paused").waitFor();
    await page.getByRole("button", { name: "Go on" }).click();
    await until(() => JSON.stringify(asked(made).at(-1)) === '{"type":"record","action":"resume"}');
    await page.getByRole("button", { name: "End", exact: true }).click();
    const link = page.getByRole("link", { name: "Download" });
    expect(await link.getAttribute("href")).toBe(`${server.url.replace(/(:[0-9]+).*/, "$1")}/recordings/1.wav`);
    await page.getByRole("button", { name: "Delete" }).click();
    await link.waitFor({ state: "detached" });
    // There is nothing behind that address here, which the browser writes to the console itself.
    await until(() => problems.some((problem) => problem.includes("404")));
    problems.splice(0);
  });

  it.each(["light", "dark"] as const)("has no accessibility violation axe can find (%s)", async (colorScheme) => {
    await open({ colorScheme, reducedMotion: "reduce" });
    const violations = async (): Promise<string[]> => {
      // Through the debugger, which the page's policy does not bind.
      await page.evaluate(axe);
      return page.evaluate(async () => {
        const { axe } = window as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
        };
        const result = await axe.run();
        return result.violations.flatMap(({ id, nodes }) =>
          nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
        );
      });
    };
    expect(await violations()).toEqual([]);
    const made = await call();
    made.say({ type: "transcript", id: "u1", role: "user", text: "Question?", final: true, revision: 0 });
    made.say({ type: "metrics", turn: { turnId: "1", endpointMs: 300, replyMs: 1_250, interrupted: false } });
    made.say({
      type: "transcript",
      id: "a1",
      role: "assistant",
      text: "Heard. Unheard.",
      final: true,
      revision: 0,
      heard: "Heard.",
    });
    made.say({ type: "transcript", id: "u2", role: "user", text: "And", final: false, revision: 0 });
    made.say({ type: "state", state: "speaking", since: 0 });
    made.say({ type: "error", code: "stt_failed", message: "", retryable: true });
    await page.getByText("1.25 s to reply").click();
    made.say(desk({ state: "off" }));
    await page.locator(".details:not(.sound-path) summary").click();
    await page.locator(".sound-path summary").click();
    await page.getByRole("button", { name: "Record this call" }).click();
    expect(await violations()).toEqual([]);
    await page.getByRole("button", { name: "Settings" }).click();
    expect(await violations()).toEqual([]);
  });

  it("stands still for those who want that", async () => {
    await open({ reducedMotion: "reduce" });
    await call();
    const moving = await page.evaluate(() => document.getAnimations().length);
    expect(moving).toBe(0);
  });
});
