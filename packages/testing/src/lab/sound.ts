import { RoomKitError, rms, type WordTiming } from "@roomkit/core";
import { samplesOfWav } from "../wav.ts";

/** Mono audio, and where its words lie in it, when it has any. */
export interface Sound {
  readonly samples: Int16Array;
  /** Hz. */
  readonly sampleRate: number;
  /** What is said in it; empty for what is no speech. */
  readonly text: string;
  /** In ms from its beginning. */
  readonly words: readonly WordTiming[];
}

/** What a caller can be made to say: words (synthesized), a WAV file, or samples. The two latter need `text` for a recogniser to know. */
export type Sayable = string | Uint8Array | (Pick<Sound, "samples" | "sampleRate"> & Partial<Sound>);

/** Below its loudest 10 ms by so much, sound has not begun yet, or is over, dB. */
const AUDIBLE_DB = -35;

/**
 * A sound at the line's rate, with a place for every word: those it tells itself, else spread over its audible part by their length.
 *
 * @throws RoomKitError `invalid_audio` for something that is no mono audio.
 */
export function soundOf(given: Exclude<Sayable, string>, sampleRate: number, text?: string): Sound {
  const { format, ...wav } =
    given instanceof Uint8Array
      ? samplesOfWav(given)
      : { ...given, format: { sampleRate: given.sampleRate, channels: 1 } };
  if (!(wav.samples instanceof Int16Array) || format.channels !== 1 || !(format.sampleRate >= 8_000))
    throw new RoomKitError("invalid_audio", "a caller's sound is mono audio of 8,000 Hz or more");
  const samples = resampled(wav.samples, format.sampleRate, sampleRate);
  const said = text ?? ("text" in wav ? wav.text : undefined) ?? "";
  const words = ("words" in wav ? wav.words : undefined) ?? spread(said, audibleSpan({ samples, sampleRate }));
  return { samples, sampleRate, text: said, words };
}

/** Where a sound can be heard: from its first to its last 10 ms that are not much quieter than its loudest, ms. */
export function audibleSpan({ samples, sampleRate }: Pick<Sound, "samples" | "sampleRate">): {
  startMs: number;
  endMs: number;
} {
  const step = Math.round(sampleRate / 100);
  const levels: number[] = [];
  for (let at = 0; at < samples.length; at += step) levels.push(rms(samples.subarray(at, at + step)));
  const least = levels.reduce((most, level) => Math.max(most, level), 1) * 10 ** (AUDIBLE_DB / 20);
  const first = levels.findIndex((level) => level >= least);
  const last = levels.findLastIndex((level) => level >= least);
  return { startMs: Math.max(0, first) * 10, endMs: (last + 1) * 10 };
}

function spread(text: string, { startMs, endMs }: { startMs: number; endMs: number }): WordTiming[] {
  const words = text.match(/\S+/g) ?? [];
  const perChar = (endMs - startMs) / Math.max(1, words.join(" ").length);
  let at = startMs;
  return words.map((word) => {
    const timing = { text: word, startMs: at, endMs: at + word.length * perChar };
    at = timing.endMs + perChar;
    return timing;
  });
}

/** The same sound at another level: RMS of its audible part, dB below full scale. */
export function atLevelDb(sound: Sound, levelDb: number): Sound {
  const { startMs, endMs } = audibleSpan(sound);
  const [from, to] = [startMs, endMs].map((ms) => Math.round((ms * sound.sampleRate) / 1000));
  return {
    ...sound,
    samples: scaled(sound.samples, (32_768 * 10 ** (levelDb / 20)) / (rms(sound.samples.subarray(from, to)) || 1)),
  };
}

/** Louder or quieter by a factor; saturates. */
export function scaled(samples: Int16Array, factor: number): Int16Array {
  return samples.map((x) => Math.max(-32_768, Math.min(32_767, Math.round(x * factor))));
}

/** Half the length of the interpolating filter, in samples of the lower rate. */
const HALF_TAPS = 12;

/** Audio at another rate, by a windowed sinc: good enough for a test's recordings, of any length. */
export function resampled(samples: Int16Array, from: number, to: number): Int16Array {
  if (from === to) return samples;
  const cut = Math.min(1, to / from);
  const half = HALF_TAPS / cut;
  return new Int16Array(Math.round((samples.length * to) / from)).map((_, i) => {
    const at = (i * from) / to;
    let sum = 0;
    for (let k = Math.ceil(at - half); k <= at + half; k++) {
      const x = (at - k) * cut * Math.PI;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * (at - k)) / half);
      sum += (samples[k] ?? 0) * cut * window * (x === 0 ? 1 : Math.sin(x) / x);
    }
    return Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  });
}
