import { type ConnectionInput, RoomKitError } from "@roomkit/core";
import { RoomEcho } from "../room.ts";
import type { Ear } from "./ear.ts";
import { type NoiseKind, steadyNoise } from "./noises.ts";
import type { MicrophoneWord } from "./recogniser.ts";
import { LabScript, type ScriptStage } from "./script.ts";
import { audibleSpan, type Sound } from "./sound.ts";
import type { SoundKind, SpokenItem } from "./spoken-item.ts";
import type { LabTrace } from "./trace.ts";

/** The way from the caller's loudspeaker to the microphone. */
export interface LabEcho {
  /** How loud it is against what is played, dB. */
  readonly levelDb: number;
  /** Until its first sound, ms. Default 60. */
  readonly delayMs?: number | undefined;
  /** How long the room takes to fall by 60 dB, ms. Default 150. */
  readonly reverberationMs?: number | undefined;
}

interface MicrophoneOptions extends Pick<ScriptStage, "holds" | "speech" | "sampleRate" | "seed"> {
  readonly echo: LabEcho | undefined;
  readonly noise: { readonly kind: NoiseKind; readonly snrDb: number } | undefined;
  readonly trace: LabTrace;
  readonly input: (input: ConnectionInput) => void;
  readonly hangUp: () => void;
  readonly vanish: () => void;
}

/** What words are computed at, and a room in which nobody speaks, dB below full scale. */
const SPEECH_DB = -24;
const ROOM_DB = -72;
/** Echo that is quieter is understood by no recogniser, dB. */
const UNDERSTOOD_DB = -30;
const FRAMES_PER_SECOND = 50;

/** Everything that sounds at a caller's microphone, added up sample by sample. */
export class Microphone {
  said: SpokenItem[] = [];
  readonly lanes: Record<"caller" | "echo" | "assistant", number[]> = { caller: [], echo: [], assistant: [] };
  readonly #options: MicrophoneOptions;
  readonly #scripts: LabScript[] = [];
  readonly #noise: Int16Array;
  readonly #echo: RoomEcho | undefined;
  readonly #frame: number;
  /** By when they sound, newest last. */
  #words: MicrophoneWord[] = [];
  #sounding: { readonly samples: Int16Array; readonly at: number }[] = [];
  #played: Int16Array;
  #at = 0;
  #muted = false;

  constructor(options: MicrophoneOptions) {
    const { sampleRate, seed, echo, noise } = options;
    this.#options = options;
    this.#frame = sampleRate / FRAMES_PER_SECOND;
    this.#noise = noise
      ? steadyNoise(noise.kind, sampleRate, SPEECH_DB - noise.snrDb, seed)
      : steadyNoise("white", sampleRate, ROOM_DB, 1);
    if (echo && !(echo.levelDb >= -96 && echo.levelDb <= 20))
      throw new RoomKitError("invalid_option", "echo.levelDb is -96 to 20 dB");
    this.#echo = echo && new RoomEcho(sampleRate, { ...room(echo), level: 10 ** (echo.levelDb / 20), seed });
    this.#played = new Int16Array(this.#frame);
  }

  /** Nothing is left to be done in any script, and all of it has sounded. */
  get done(): boolean {
    return this.#sounding.length === 0 && this.#scripts.every((script) => script.doneBy(this.#at));
  }

  script(name: string): LabScript {
    const { sampleRate, seed, speech, holds, trace, input } = this.#options;
    const script = new LabScript(name, {
      ...{ sampleRate, speech, holds, input },
      seed: seed * 1_000 + 100 * this.#scripts.length,
      sound: (by, sound, at, kind, what) => this.#sound(by, sound, at, kind, what),
      note: (by, what, atMs, details) => trace.note(atMs, by.name, what, details),
      act: (action) => this.#act(action),
    });
    this.#scripts.push(script);
    return script;
  }

  /** The next 20 ms. */
  frame(): Int16Array {
    const [from, to] = [this.#at, this.#at + this.#frame];
    for (const script of this.#scripts) script.advance(from, to);
    this.#at = to;
    const own = new Int32Array(this.#frame);
    for (const { samples, at } of this.#sounding) {
      const end = Math.min(to, at + samples.length);
      for (let i = Math.max(from, at); i < end; i++)
        own[i - from] = (own[i - from] as number) + (samples[i - at] as number);
    }
    this.#sounding = this.#sounding.filter(({ samples, at }) => at + samples.length > to);
    const echo = this.#echo?.hear(this.#played);
    this.lanes.caller.push(this.#muted ? 0 : peak(own));
    this.lanes.echo.push(echo ? peak(echo) : 0);
    this.lanes.assistant.push(peak(this.#played));
    const mixed = new Int16Array(this.#frame);
    if (this.#muted) return mixed;
    for (let i = 0; i < mixed.length; i++) {
      const sum = (own[i] as number) + (echo?.[i] ?? 0) + (this.#noise[(from + i) % this.#noise.length] as number);
      mixed[i] = Math.max(-32_768, Math.min(32_767, sum));
    }
    return mixed;
  }

  /** What the loudspeaker plays in the next 20 ms. */
  plays(samples: Int16Array): void {
    this.#played = samples;
  }

  /** Words whose middle is in a stretch of the microphone's audio, ms; the assistant's, too, where their echo can be understood. */
  wordsIn(fromMs: number, toMs: number, ear: Ear): MicrophoneWord[] {
    const inside = (word: { fromMs: number; toMs: number }): boolean => {
      const middle = (word.fromMs + word.toMs) / 2;
      return middle >= fromMs && middle < toMs;
    };
    const own = recent(this.#words, fromMs).filter(inside);
    const { echo } = this.#options;
    if (!echo || echo.levelDb < UNDERSTOOD_DB || own.length > 0) return own;
    const { delayMs } = room(echo);
    const late = recent(ear.words, fromMs - delayMs).map(({ text, ...word }) => ({
      ...{ text, echo: true },
      fromMs: word.fromMs + delayMs,
      toMs: word.toMs + delayMs,
    }));
    return late.filter(inside);
  }

  #sound(script: LabScript, sound: Sound, at: number, kind: SoundKind, what: string): void {
    this.#sounding.push({ samples: sound.samples, at });
    const begin = (at * 1000) / this.#options.sampleRate;
    const { startMs, endMs } = audibleSpan(sound);
    this.#options.trace.note(begin, script.name, what, { text: sound.text || undefined, ms: endMs });
    // What nobody can hear was not said.
    if (this.#muted) return;
    this.said.push({ who: script.name, kind, what, text: sound.text, fromMs: begin + startMs, toMs: begin + endMs });
    for (const { text, startMs: from, endMs: to } of sound.words)
      this.#words.push({ text, fromMs: begin + from, toMs: begin + to, echo: false });
  }

  #act(action: Parameters<ScriptStage["act"]>[0]): void {
    const { input, hangUp, vanish } = this.#options;
    if (action === "mute" || action === "unmute") {
      this.#muted = action === "mute";
      input({ type: "mute", muted: this.#muted });
      if (this.#muted) this.#cutOff((this.#at * 1000) / this.#options.sampleRate);
    } else if (action === "stop") input({ type: "interrupt" });
    else if (action === "hang up") hangUp();
    else vanish();
  }

  /** What sounds is not heard from here on. */
  #cutOff(atMs: number): void {
    this.said = this.said.map((item) => ({ ...item, toMs: Math.max(item.fromMs, Math.min(item.toMs, atMs)) }));
    this.#words = this.#words.filter(({ fromMs, toMs }) => (fromMs + toMs) / 2 < atMs);
  }
}

const room = ({ delayMs = 60, reverberationMs = 150 }: LabEcho) => ({
  ...{ delayMs, reverberationMs },
  reflectionsPerSecond: 2_000,
});

/** Words are long over that are far back in the list. */
function recent<T extends { readonly toMs: number }>(words: readonly T[], fromMs: number): T[] {
  let first = words.length;
  while (first > 0 && (words[first - 1] as T).toMs > fromMs - 5_000) first--;
  return words.slice(first);
}

function peak(samples: Int16Array | Int32Array): number {
  let most = 0;
  for (const x of samples) most = Math.max(most, Math.abs(x));
  return Math.min(32_767, most);
}
