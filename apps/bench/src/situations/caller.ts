import { systemClock } from "@roomkit/core";
import { audible, endOf, type Stretch } from "./ear.ts";
import { type Line, type Said, said } from "./line.ts";
import type { Mouth, Voice } from "./voices.ts";

const LOOK_MS = 20;
/** How long anything is waited for, ms. */
const PATIENCE_MS = 20_000;
/** Shorter pauses are between two words or sentences, ms. */
export const PAUSE_MS = 500;
/** Who was cut off by mistake goes on within this time; then nothing more is to come, ms. */
const OVER_MS = 3_000;
/** What sounds in the first part of the caller's words was under way when they began, ms. */
const UNDER_WAY_MS = 300;

/** One caller in one situation: says what the script wants, listens, and writes down what a polite listener would not have done. */
export class Caller {
  readonly complaints: string[] = [];
  readonly line: Line;
  readonly #mouth: Mouth;
  readonly #voice: Voice;

  constructor(line: Line, mouth: Mouth, voice: Voice) {
    this.line = line;
    this.#mouth = mouth;
    this.#voice = voice;
  }

  /** What the screen shows: finals only. */
  get said(): readonly Said[] {
    return said(this.line.told);
  }

  expect(holds: boolean, complaint: string): void {
    if (!holds) this.complaints.push(complaint);
  }

  /** The sound of a text in this caller's voice. */
  sound(text: string): Promise<Int16Array> {
    return this.#mouth.says(text, this.#voice);
  }

  /** Makes a sound, and gives when. */
  async makes(samples: Int16Array): Promise<Stretch> {
    const startMs = await this.line.speak(samples);
    return { startMs, endMs: startMs + samples.length / 48 };
  }

  /** Says a text, and gives when. */
  async says(text: string): Promise<Stretch> {
    return this.makes(await this.sound(text));
  }

  /** Waits; false when it did not happen in time. */
  async until(happened: () => boolean, ms: number = PATIENCE_MS): Promise<boolean> {
    const startMs = this.line.nowMs;
    for (;;) {
      await this.line.look();
      if (happened()) return true;
      if (this.line.nowMs - startMs > ms) return false;
      await systemClock.sleep(LOOK_MS);
    }
  }

  /** Waits until something can be heard that began after this moment; gives that, undefined for never. */
  async hears(fromMs: number): Promise<number | undefined> {
    const first = (): number | undefined => this.heardFrom(fromMs)[0]?.startMs;
    return (await this.until(() => first() !== undefined)) ? first() : undefined;
  }

  /** Waits until nothing has been heard for so long, and nothing is left to come. */
  async untilOver(fromMs: number, overMs: number = OVER_MS): Promise<void> {
    const quiet = (): boolean => this.line.nowMs - (this.heardFrom(fromMs).at(-1)?.endMs ?? fromMs) > overMs;
    this.expect(await this.until(quiet, 60_000), "it did not come to an end");
  }

  /** What was audible since then, sentence by sentence. */
  heardFrom(fromMs: number, pauseMs: number = PAUSE_MS): Stretch[] {
    return audible(this.line.levels, fromMs, pauseMs);
  }

  /** From the onset of words to the end of the answer that the server cut off for them; undefined where it did not. */
  silentAfter(fromMs: number): number | undefined {
    const cut = this.line.told.find(({ atMs, message }) => atMs >= fromMs && String(message.type).startsWith("clear"));
    return cut && Math.max(0, endOf(this.line.levels, cut.atMs) - fromMs);
  }

  /** The greeting, to its end. */
  async greeted(): Promise<void> {
    this.expect((await this.hears(0)) !== undefined, "no greeting");
    await this.untilOver(0, 900);
  }

  /** Says something that wants an answer, and waits until that begins; gives how long after the words' end. */
  async asks(samples: Int16Array): Promise<{ readonly words: Stretch; readonly answeredMs: number | undefined }> {
    const words = await this.makes(samples);
    const begins = await this.hears(words.startMs + UNDER_WAY_MS);
    if (begins === undefined) this.complaints.push("no answer");
    else if (begins < words.endMs)
      this.complaints.push(`talked over ${Math.round(words.endMs - begins)} ms before the end`);
    return { words, answeredMs: begins === undefined ? undefined : begins - words.endMs };
  }

  /** The caller's turns must be so many, and the last one be understood so. */
  expectTurns(counts: readonly number[], understood?: RegExp): void {
    const turns = this.said.filter(({ role }) => role === "user").map(({ text }) => text);
    this.expect(counts.includes(turns.length), `${turns.length} turns: ${turns.join(" | ")}`);
    if (understood && !understood.test(turns.at(-1) ?? "")) this.complaints.push(`understood "${turns.at(-1) ?? ""}"`);
  }

  /** The last answer must hold this. */
  expectAnswer(holds: RegExp): void {
    const last = this.said.findLast(({ role }) => role === "assistant")?.text ?? "";
    this.expect(holds.test(last), `answer heard: "${last}"`);
  }
}
