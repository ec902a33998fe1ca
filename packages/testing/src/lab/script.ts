import { RoomKitError } from "@roomkit/core";
import { cough, door, knock, touchTones, typing } from "./noises.ts";
import { atLevelDb, type Sayable, type Sound, soundOf } from "./sound.ts";
import { spoken } from "./spoken.ts";
import type { SoundKind } from "./spoken-item.ts";
import type { LabCondition } from "./view.ts";

export interface SaysOptions {
  /** What is said in a recording, for recognisers that know by themselves. */
  readonly text?: string | undefined;
  /** RMS of what can be heard, dB below full scale. Default -24 for words that are computed, else as it is. */
  readonly levelDb?: number | undefined;
}

/** What a script needs of the microphone it sounds in. */
export interface ScriptStage {
  readonly sampleRate: number;
  readonly seed: number;
  readonly speech: (text: string, sampleRate: number) => Sound;
  /** Something begins to sound at a sample of the microphone's audio. */
  sound(script: LabScript, sound: Sound, at: number, kind: SoundKind, what: string): void;
  note(script: LabScript, what: string, atMs: number, details?: Readonly<Record<string, unknown>>): void;
  holds(condition: LabCondition): boolean;
  act(action: "mute" | "unmute" | "stop" | "hang up" | "vanish"): void;
  input(
    input:
      | { type: "text"; text: string }
      | { type: "dtmf"; digit: string }
      | { type: "data"; name: string; payload: unknown },
  ): void;
}

/** Given where it begins, in samples: how many it lasts, or undefined when it has not begun yet. */
type Step = (at: number) => number | undefined;

/** More is a script that makes itself longer and longer. */
const MOST_STEPS = 100_000;

/**
 * One thing after the other, at a caller's microphone: each method adds a step and returns the script. Several scripts of a lab
 * sound at once. Sounds follow each other to the sample; what waits for something, and what is no sound, happens every 20 ms.
 */
export class LabScript {
  readonly name: string;
  readonly #stage: ScriptStage;
  readonly #steps: Step[] = [];
  #at = 0;
  #count = 0;

  constructor(name: string, stage: ScriptStage) {
    this.name = name;
    this.#stage = stage;
  }

  /** Whether nothing is left to do by a sample of the microphone's audio. */
  doneBy(at: number): boolean {
    return this.#steps.length === 0 && this.#at <= at;
  }

  /** Says a text (computed, or by the lab's `speech`), a WAV file or samples. @throws RoomKitError `invalid_audio`. */
  says(what: Sayable, options: SaysOptions = {}): this {
    return this.#sounds(this.#speech(what, options), "speech", "says");
  }

  /** The words of somebody who only listens. */
  mhm(what: Sayable = "mhm", options: SaysOptions = {}): this {
    return this.#sounds(this.#speech(what, options), "backchannel", "says");
  }

  /** Silence inside a sentence: default 900 ms. */
  hesitates(ms = 900): this {
    return this.#rests(ms, "hesitates");
  }

  pauses(ms: number): this {
    return this.#rests(ms, "pauses");
  }

  coughs(levelDb?: number): this {
    return this.#sounds(cough(this.#stage.sampleRate, this.#seed, levelDb), "noise", "coughs");
  }

  /** So often, 250 ms apart. */
  knocks(times = 1, levelDb?: number): this {
    for (let i = 0; i < times; i++) {
      this.#sounds(knock(this.#stage.sampleRate, this.#seed, levelDb), "noise", "knocks");
      if (i < times - 1) this.#silence(170);
    }
    return this;
  }

  slamsDoor(levelDb?: number): this {
    return this.#sounds(door(this.#stage.sampleRate, this.#seed, levelDb), "noise", "slams the door");
  }

  /** Types on a keyboard for so long. */
  types(ms: number, levelDb?: number): this {
    return this.#sounds(typing(this.#stage.sampleRate, ms, this.#seed, levelDb), "noise", "types");
  }

  /** Any other sound that is nobody's words. @throws RoomKitError `invalid_audio`. */
  sounds(what: Exclude<Sayable, string>, name = "makes a noise"): this {
    return this.#sounds(soundOf(what, this.#stage.sampleRate), "noise", name);
  }

  /** Presses keys: as tones in the audio, as events beside it, or both. @throws RoomKitError `invalid_option` for no key. */
  presses(digits: string, how: "tone" | "event" | "both" = "tone"): this {
    for (const digit of digits) {
      const tone = touchTones(digit, this.#stage.sampleRate);
      if (how !== "tone") this.#does(() => this.#stage.input({ type: "dtmf", digit }), "presses", { digit });
      if (how !== "event") this.#sounds(tone, "noise", `presses ${digit}`);
    }
    return this;
  }

  mutes(): this {
    return this.#does(() => this.#stage.act("mute"), "mutes");
  }

  unmutes(): this {
    return this.#does(() => this.#stage.act("unmute"), "unmutes");
  }

  /** Writes instead of speaking. */
  writes(text: string): this {
    return this.#does(() => this.#stage.input({ type: "text", text }), "writes", { text });
  }

  /** Presses the button that makes the assistant stop. */
  stops(): this {
    return this.#does(() => this.#stage.act("stop"), "stops");
  }

  /** Data of the application's own. */
  sends(name: string, payload: unknown): this {
    return this.#does(() => this.#stage.input({ type: "data", name, payload }), "sends", { name });
  }

  hangsUp(): this {
    return this.#does(() => this.#stage.act("hang up"), "hangs up");
  }

  /** Drops off without a word: no more audio, no reports, nothing heard; the line stays open until the server gives it up. */
  vanishes(): this {
    return this.#does(() => this.#stage.act("vanish"), "vanishes");
  }

  /** Waits until a time of the call, ms, to the sample. */
  at(ms: number): this {
    const sample = Math.round((ms * this.#stage.sampleRate) / 1000);
    return this.#add((at) => Math.max(0, sample - at));
  }

  /** Waits until something holds. The lab's `run` fails with `timeout` when it does not within `maxMs` of the call. */
  until(condition: LabCondition, maxMs = 60_000): this {
    let since: number | undefined;
    return this.#add((at) => {
      since ??= at;
      if (this.#stage.holds(condition)) return 0;
      if (((at - since) * 1000) / this.#stage.sampleRate < maxMs) return undefined;
      throw new RoomKitError("timeout", `${this.name} waited ${maxMs} ms of the call for something that did not come`);
    });
  }

  /** Speaks at a time of the call, ms, or once something holds. */
  bargesIn(what: Sayable, when: number | LabCondition, options: SaysOptions = {}): this {
    return (typeof when === "number" ? this.at(when) : this.until(when)).says(what, options);
  }

  /** For the lab: does what begins before the sample `to`; `from` is where this frame begins. */
  advance(from: number, to: number): void {
    while (this.#at < to) {
      const step = this.#steps[0];
      // Whoever waits, or has nothing to do, does the next thing no earlier than now.
      if (!step) {
        this.#at = to;
        return;
      }
      this.#at = Math.max(this.#at, from);
      const length = step(this.#at);
      if (length === undefined) {
        this.#at = to;
        return;
      }
      this.#steps.shift();
      this.#at += length;
    }
  }

  get #seed(): number {
    return this.#stage.seed + ++this.#count;
  }

  #speech(what: Sayable, { text, levelDb }: SaysOptions): Sound {
    const { sampleRate, speech } = this.#stage;
    const sound = typeof what === "string" ? speech(what, sampleRate) : soundOf(what, sampleRate, text);
    return levelDb === undefined ? sound : atLevelDb(sound, levelDb);
  }

  #sounds(sound: Sound, kind: SoundKind, what: string): this {
    return this.#add((at) => {
      this.#stage.sound(this, sound, at, kind, what);
      return sound.samples.length;
    });
  }

  #rests(ms: number, what: string): this {
    if (!(ms >= 0)) throw new RoomKitError("invalid_option", `${what}: a time in ms, 0 or more`);
    return this.#add((at) => {
      this.#stage.note(this, what, this.#ms(at), { ms });
      return this.#samples(ms);
    });
  }

  #silence(ms: number): void {
    this.#add(() => this.#samples(ms));
  }

  #does(action: () => void, what: string, details: Readonly<Record<string, unknown>> = {}): this {
    return this.#add((at) => {
      this.#stage.note(this, what, this.#ms(at), details);
      action();
      return 0;
    });
  }

  #add(step: Step): this {
    if (this.#steps.length >= MOST_STEPS) throw new RoomKitError("queue_full", "a script of so many steps never ends");
    this.#steps.push(step);
    return this;
  }

  #samples(ms: number): number {
    return Math.round((ms * this.#stage.sampleRate) / 1000);
  }

  #ms(samples: number): number {
    return (samples * 1000) / this.#stage.sampleRate;
  }
}

/** A text as the lab says it where no `speech` is given: in one of eight voices. */
export const computedSpeech =
  (seed: number) =>
  (text: string, sampleRate: number): Sound =>
    spoken(text, sampleRate, 1 + (seed % 8));

/** The caller has heard at least so many words, of all that was said. */
export const heardWords =
  (count: number): LabCondition =>
  ({ ear }) =>
    ear.words.length >= count;

/** The client is shown a state. */
export const stateIs =
  (state: "listening" | "thinking" | "speaking"): LabCondition =>
  ({ client }) =>
    client.state === state;

/** The assistant can be heard. */
export const assistantSpeaks: LabCondition = ({ ear }) => ear.playing;

/** The assistant has been silent for so long, and is not about to say something; the caller has nothing open. */
export const allQuiet =
  (ms = 1_000): LabCondition =>
  (lab) =>
    !lab.ear.playing && lab.client.state === "listening" && lab.now - lab.lastSoundMs >= ms;
