import type { WordTiming } from "@roomkit/core";
import { seededRandom } from "../seeded-random.ts";
import { Made } from "./made.ts";
import { atLevelDb, type Sound } from "./sound.ts";

/** Formants of vowels, Hz: rounded averages of men (G. Peterson and H. Barney, 1952). */
const VOWELS: Readonly<Record<string, readonly [number, number, number]>> = {
  a: [730, 1_090, 2_440],
  e: [530, 1_840, 2_480],
  i: [270, 2_290, 3_010],
  o: [570, 840, 2_410],
  u: [300, 870, 2_240],
};
/** A hum behind closed lips: "mhm". */
const NASAL = [250, 1_000, 2_200] as const;
const BANDWIDTHS = [60, 90, 140] as const;
/** Silence after a word, and after punctuation inside a text, ms. */
const GAPS = { word: 30, comma: 160, stop: 260 };

/**
 * A text as something like speech: voiced syllables with the formants of its vowels, noise for consonants, a voice that falls towards the
 * end of a sentence or rises towards a question mark. The same samples for the same text, rate and seed; no recogniser understands it.
 *
 * @param levelDb RMS, dB below full scale. Default -24.
 */
export function spoken(text: string, sampleRate: number, seed = 1, levelDb = -24): Sound {
  return made.get(`${sampleRate} ${seed} ${levelDb} ${text}`, () => speak(text, sampleRate, seed, levelDb));
}

const made = new Made<Sound>(256);

function speak(text: string, sampleRate: number, seed: number, levelDb: number): Sound {
  const random = seededRandom(seed * 7_919 + text.length);
  const base = 95 + 80 * random();
  const samples: number[] = [];
  const words: WordTiming[] = [];
  const ms = (): number => (samples.length * 1000) / sampleRate;
  const tokens = text.match(/\S+/g) ?? [];
  for (const [index, token] of tokens.entries()) {
    const startMs = ms();
    const along = index / Math.max(1, tokens.length - 1);
    const asks = /\?\S*$/.test(text) && along > 0.7;
    const pitch = base * (asks ? 1 + 0.4 * (along - 0.7) : 1.15 - 0.25 * along);
    for (const syllable of syllables(token))
      voiced(samples, syllable, pitch * (0.97 + 0.06 * random()), sampleRate, random);
    words.push({ text: token, startMs, endMs: ms() });
    const gap = /[.?!]\W*$/.test(token) ? GAPS.stop : /[,;:]\W*$/.test(token) ? GAPS.comma : GAPS.word;
    if (index < tokens.length - 1) rest(samples, (gap * sampleRate) / 1000);
  }
  const peak = samples.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-9);
  const whole = Int16Array.from(samples, (x) => Math.round((x / peak) * 30_000));
  return atLevelDb({ samples: whole, sampleRate, text, words }, levelDb);
}

/** Parts with one vowel each; digits and letters without one are a syllable each. */
function syllables(word: string): string[] {
  const letters = word
    .toLowerCase()
    .normalize("NFD")
    .replace(/[^\p{L}\p{N}]/gu, "");
  return letters.match(/\p{N}|[^aeiouy\p{N}]*[aeiouy]+(?:[^aeiouy\p{N}]+(?![aeiouy]))?|[^aeiouy\p{N}]+/gu) ?? ["a"];
}

function voiced(out: number[], syllable: string, pitch: number, rate: number, random: () => number): void {
  const vowel = syllable.match(/[aeiouy]/)?.[0]?.replace("y", "i");
  if (/^[^aeioumnlrwyh\p{N}]/u.test(syllable)) hiss(out, 0.035 * rate, random);
  const formants = vowel === undefined ? NASAL : (VOWELS[vowel] ?? NASAL);
  const state = formants.map((hz, i) => {
    const radius = Math.exp((-Math.PI * (BANDWIDTHS[i] as number)) / rate);
    const b = 2 * radius * Math.cos((2 * Math.PI * hz) / rate);
    return { a: 1 - b + radius * radius, b, c: -radius * radius, y1: 0, y2: 0 };
  });
  const length = Math.round(rate * (0.1 + 0.05 * random() + (syllable.length > 3 ? 0.03 : 0)));
  let phase = random();
  for (let i = 0; i < length; i++) {
    phase += (pitch * (1 + 0.04 * Math.sin((Math.PI * i) / length))) / rate;
    // A pulse that falls off, once a period, and some breath.
    const turn = phase % 1;
    let y = (turn < 0.4 ? Math.sin((Math.PI * turn) / 0.4) : 0) - 0.25 + 0.03 * (2 * random() - 1);
    for (const r of state) {
      const next = r.a * y + r.b * r.y1 + r.c * r.y2;
      r.y2 = r.y1;
      r.y1 = next;
      y = next;
    }
    const swell = Math.min(1, i / (0.015 * rate), (length - i) / (0.03 * rate));
    out.push(y * Math.sin((Math.PI / 2) * swell) ** 2);
  }
  if (/[^aeiouymnlr\p{N}]$/u.test(syllable)) hiss(out, 0.025 * rate, random);
}

function hiss(out: number[], length: number, random: () => number): void {
  let last = 0;
  for (let i = 0; i < length; i++) {
    const white = 2 * random() - 1;
    out.push(0.06 * (white - last) * Math.sin((Math.PI * i) / length));
    last = white;
  }
}

function rest(out: number[], length: number): void {
  for (let i = 0; i < length; i++) out.push(0);
}
