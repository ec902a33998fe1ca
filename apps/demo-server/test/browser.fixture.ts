import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { chromiumArguments, findChromium } from "../../../scripts/lib/chromium.mjs";
import { type Sound, wavFile } from "./speech.fixture.ts";

export const haveChromium = findChromium() !== undefined;

export interface Caller {
  readonly page: Page;
  /** What the page's console and its errors said. */
  readonly complaints: readonly string[];
  /** The loudest the speaker has been since the page loaded, dBFS. */
  loudest(): Promise<number>;
  /** How loud it is at the moment, dBFS. */
  level(): Promise<number>;
  close(): Promise<void>;
}

interface CallerOptions {
  readonly colorScheme?: "light" | "dark";
  readonly width?: number;
  /** Runs in the page before anything of its own. */
  readonly before?: () => void;
}

/** Quiet at the end of a file: after it the microphone gives that last quiet on and on. */
const TAIL_MS = 2_000;

/** A browser whose microphone plays `microphone` once, `leadMs` after the page asks for it, and is quiet afterwards; undefined: it is quiet. */
export async function openBrowser(
  microphone: Sound | undefined,
  leadMs = 0,
): Promise<{
  browser: Browser;
  caller(url: string, options?: CallerOptions): Promise<Caller>;
  close(): Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-"));
  const file = join(folder, "microphone.wav");
  writeFileSync(file, wavFile(microphone ?? { samples: new Int16Array(0), sampleRate: 48_000 }, leadMs, TAIL_MS));
  const browser = await chromium.launch({
    executablePath: findChromium() as string,
    args: [...chromiumArguments, `--use-file-for-fake-audio-capture=${file}%noloop`],
  });
  return {
    browser,
    async caller(url, { colorScheme = "light", width = 1_280, before } = {}) {
      const context = await browser.newContext({
        colorScheme,
        viewport: { width, height: 860 },
        permissions: ["microphone"],
      });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.addInitScript(tapSpeaker);
      if (before) await page.addInitScript(before);
      await page.goto(url);
      return {
        page,
        complaints,
        loudest: () => page.evaluate(() => (globalThis as unknown as { loudest: number }).loudest),
        level: () => page.evaluate(() => (globalThis as unknown as { level: number }).level),
        close: () => context.close(),
      };
    },
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs in the page: listens to whatever reaches a speaker. */
function tapSpeaker(): void {
  const scope = globalThis as unknown as { loudest: number; level: number };
  scope.loudest = scope.level = -100;
  /** Of every tap, dBFS. */
  const now: number[] = [];
  const connect = AudioNode.prototype.connect;
  // What an element plays of a stream, as WebRTC does, goes past Web Audio.
  const { get, set } = Object.getOwnPropertyDescriptor(
    HTMLMediaElement.prototype,
    "srcObject",
  ) as Required<PropertyDescriptor>;
  Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
    get,
    set(this: HTMLMediaElement, stream: MediaStream | null) {
      set.call(this, stream);
      if (stream) tap(new AudioContext().createMediaStreamSource(stream), () => !this.paused && !this.muted);
    },
  });
  const tap = (node: AudioNode, sounding = (): boolean => true): void => {
    const analyser = new AnalyserNode(node.context, { fftSize: 2_048 });
    connect.call(node, analyser as never);
    const samples = new Float32Array(analyser.fftSize);
    const index = now.push(-100) - 1;
    setInterval(() => {
      now[index] = -100;
      if (!sounding()) return;
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
      now[index] = 10 * Math.log10(power + 1e-10);
      scope.level = Math.max(...now);
      scope.loudest = Math.max(scope.loudest, scope.level);
    }, 40);
  };
  AudioNode.prototype.connect = function (this: AudioNode, ...args: unknown[]) {
    if (args[0] instanceof AudioDestinationNode) tap(this);
    return connect.apply(this, args as never) as never;
  } as never;
}
