import { RoomKitError } from "@roomkit/core";
import { seededRandom } from "../seeded-random.ts";
import { inSequence, mixed, quiet, tone, whiteNoise } from "../signals.ts";
import { Made } from "./made.ts";
import { atLevelDb, type Sound, scaled } from "./sound.ts";
import { spoken } from "./spoken.ts";

/** What can be heard for as long as one likes. */
export type NoiseKind = "white" | "pink" | "babble" | "keyboard";

/** The two frequencies of each touch tone, Hz (ITU-T Q.23). */
const ROWS = [697, 770, 852, 941] as const;
const COLUMNS = [1_209, 1_336, 1_477, 1_633] as const;
const KEYS = ["123A", "456B", "789C", "*0#D"] as const;

/** Sounds that are nobody's words. Levels are of their audible part, dB below full scale. */
const noise = (samples: Int16Array, sampleRate: number, levelDb: number): Sound =>
  atLevelDb({ samples, sampleRate, text: "", words: [] }, levelDb);

/** A cough: two bursts of breath. */
export function cough(sampleRate: number, seed: number, levelDb = -20): Sound {
  const burst = (ms: number, part: number): Int16Array => {
    const dull = smooth(whiteNoise(sampleRate, ms, 6_000, seed + part), 3);
    return dull.map((x, i) => x * Math.min(1, i / (0.008 * sampleRate)) * Math.exp(-i / (0.07 * sampleRate)));
  };
  return noise(inSequence(burst(220, 0), quiet(sampleRate, 90), burst(260, 1)), sampleRate, levelDb);
}

/** A knock on the table, or on a door: 80 ms that ring. */
export function knock(sampleRate: number, seed: number, levelDb = -16): Sound {
  const random = seededRandom(seed);
  const samples = quiet(sampleRate, 80).map((_, i) => {
    const t = i / sampleRate;
    return (
      20_000 *
      (Math.exp(-t / 0.015) * Math.sin(2 * Math.PI * 190 * t) + 0.4 * Math.exp(-t / 0.003) * (2 * random() - 1))
    );
  });
  return noise(samples, sampleRate, levelDb);
}

/** A door falls shut: a thump and what rattles after it, 350 ms. */
export function door(sampleRate: number, seed: number, levelDb = -16): Sound {
  const thump = tone(sampleRate, 350, 70, 8_000).map((x, i) => x * Math.exp(-i / (0.06 * sampleRate)));
  const rattle = smooth(whiteNoise(sampleRate, 350, 5_000, seed), 8);
  return noise(
    mixed(
      thump,
      rattle.map((x, i) => x * Math.exp(-i / (0.09 * sampleRate))),
    ),
    sampleRate,
    levelDb,
  );
}

/** Somebody types: each key clicks when it goes down, and less when it comes up. */
export function typing(sampleRate: number, ms: number, seed: number, levelDb = -30): Sound {
  const random = seededRandom(seed);
  const samples = quiet(sampleRate, ms);
  const click = (at: number, loud: number): void => {
    const [low, high] = [400 + 500 * random(), 2_000 + 1_500 * random()];
    for (let i = 0; i < 0.02 * sampleRate && at + i < samples.length; i++) {
      const t = i / sampleRate;
      const ring = Math.exp(-t / 0.005) * Math.sin(2 * Math.PI * low * t);
      const snap = Math.exp(-t / 0.002) * (Math.sin(2 * Math.PI * high * t) + 2 * random() - 1);
      samples[at + i] = (samples[at + i] as number) + loud * 0.5 * (ring + snap);
    }
  };
  for (let at = 0.02 * sampleRate; at < samples.length; at += sampleRate * (0.09 + 0.16 * random())) {
    click(Math.round(at), 9_000 * (0.5 + 0.5 * random()));
    click(Math.round(at + sampleRate * (0.06 + 0.03 * random())), 2_500);
  }
  return noise(samples, sampleRate, levelDb);
}

/** The tones of keys, 100 ms each and as long apart. @throws RoomKitError `invalid_option` for something that is no key. */
export function touchTones(digits: string, sampleRate: number, levelDb = -16): Sound {
  const parts = [...digits].flatMap((digit) => {
    const row = KEYS.findIndex((keys) => keys.includes(digit));
    if (row < 0) throw new RoomKitError("invalid_option", "keys are 0-9, A-D, * and #");
    const column = (KEYS[row] as string).indexOf(digit);
    const pair = [ROWS[row] as number, COLUMNS[column] as number].map((hz) => tone(sampleRate, 100, hz, 5_000));
    return [mixed(pair[0] as Int16Array, pair[1] as Int16Array), quiet(sampleRate, 100)];
  });
  return noise(inSequence(...parts), sampleRate, levelDb);
}

/** Noise to sit in: so long of it that it can be played over and over, at an RMS of `levelDb`. */
export function steadyNoise(kind: NoiseKind, sampleRate: number, levelDb: number, seed: number): Int16Array {
  return steady.get(`${kind} ${sampleRate} ${levelDb} ${seed}`, () => makeSteady(kind, sampleRate, levelDb, seed));
}

const steady = new Made<Int16Array>(8);

function makeSteady(kind: NoiseKind, sampleRate: number, levelDb: number, seed: number): Int16Array {
  const ms = 8_000;
  if (kind === "keyboard") return typing(sampleRate, ms, seed, levelDb).samples;
  const made =
    kind === "white"
      ? whiteNoise(sampleRate, ms, 3_000, seed)
      : kind === "pink"
        ? pink(sampleRate, ms, seed)
        : babble(sampleRate, ms, seed);
  let sum = 0;
  for (const x of made) sum += x * x;
  return scaled(made, (32_768 * 10 ** (levelDb / 20)) / (Math.sqrt(sum / made.length) || 1));
}

/** Noise that falls by 3 dB an octave: five low-passes of white noise, a decade apart or less. */
function pink(sampleRate: number, ms: number, seed: number): Int16Array {
  const poles = [0.996, 0.963, 0.86, 0.55, 0];
  const gains = [0.1, 0.18, 0.3, 0.45, 0.25];
  const state = poles.map(() => 0);
  return whiteNoise(sampleRate, ms, 3_000, seed).map((x) => {
    let sum = 0;
    for (let k = 0; k < poles.length; k++) {
      state[k] = (poles[k] as number) * (state[k] as number) + (1 - (poles[k] as number)) * x;
      sum += ((gains[k] as number) * (state[k] as number)) / Math.sqrt(1 - (poles[k] as number));
    }
    return sum;
  });
}

/** Six people who talk at once, none of them to us. */
function babble(sampleRate: number, ms: number, seed: number): Int16Array {
  const length = (sampleRate * ms) / 1000;
  const talk = "so they went over there and nobody knew what it was about until later on, when somebody asked.";
  const voices = Array.from(
    { length: 6 },
    (_, i) => spoken(`${talk} ${talk}`, sampleRate, seed + 13 * i + 1, -32).samples,
  );
  return new Int16Array(length).map((_, at) =>
    Math.max(
      -32_768,
      Math.min(
        32_767,
        voices.reduce((sum, voice, i) => sum + (voice[(at + i * 9_973) % voice.length] as number), 0),
      ),
    ),
  );
}

/** The mean of so many samples in a row. */
function smooth(samples: Int16Array, width: number): Int16Array {
  let sum = 0;
  return samples.map((x, i) => {
    sum += x - (samples[i - width] ?? 0);
    return sum / width;
  });
}
