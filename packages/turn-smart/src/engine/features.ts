import { BINS, Fourier, FRAME } from "./fourier.ts";

/** What the model hears: mono, in Hz. */
export const SAMPLE_RATE = 16_000;
/** Samples it hears, the last 8 s. */
export const HEARD: number = 8 * SAMPLE_RATE;
const HOP = 160;
export const MELS = 80;
export const FRAMES: number = HEARD / HOP;

/**
 * What Whisper's front end makes of the last 8 s: silence in front up to that length, zero mean and unit variance over all of it, then the
 * logarithm of 80 mel bands (Slaney's scale and areas, 0 to 8,000 Hz) of frames of 25 ms each 10 ms, no band more than 80 dB below the
 * loudest. By band, then by frame.
 *
 * @param samples mono at 16 kHz; of more than 8 s the last count
 */
export function features(samples: Int16Array): Float32Array {
  const audio = normalised(samples);
  const logs = new Float32Array(MELS * FRAMES);
  const fourier = new Fourier();
  const frames = [new Float64Array(FRAME), new Float64Array(FRAME)] as const;
  const spectra = [new Float64Array(BINS), new Float64Array(BINS)] as const;
  // Frames of the silence in front are all alike.
  const first = Math.min(FRAMES - 2, 2 * Math.max(0, Math.floor((HEARD - samples.length - FRAME) / HOP / 2)));
  for (let t = first; t < FRAMES; t += 2) {
    windowed(audio, t, frames[0]);
    windowed(audio, t + 1, frames[1]);
    fourier.powers(...frames, ...spectra);
    bands(spectra[0], logs, t);
    bands(spectra[1], logs, t + 1);
  }
  for (let m = 0; m < MELS; m++) logs.fill(logs[m * FRAMES + first] as number, m * FRAMES, m * FRAMES + first);
  const least = logs.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY) - 8;
  return logs.map((x) => (Math.max(x, least) + 4) / 4);
}

function normalised(samples: Int16Array): Float64Array {
  const last = samples.subarray(Math.max(0, samples.length - HEARD));
  const audio = new Float64Array(HEARD);
  audio.set(last, HEARD - last.length);
  let [sum, squares] = [0, 0];
  for (let i = 0; i < HEARD; i++) {
    const x = (audio[i] as number) / 32_768;
    audio[i] = x;
    sum += x;
    squares += x * x;
  }
  const mean = sum / HEARD;
  const deviation = Math.sqrt(Math.max(0, squares / HEARD - mean * mean) + 1e-7);
  return audio.map((x) => (x - mean) / deviation);
}

const hann = Float64Array.from({ length: FRAME }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / FRAME));

/** The frame around sample `t * HOP`; before the beginning and after the end the audio goes on backwards. */
function windowed(audio: Float64Array, t: number, into: Float64Array): void {
  const from = t * HOP - FRAME / 2;
  for (let i = 0; i < FRAME; i++) {
    let at = Math.abs(from + i);
    if (at >= HEARD) at = 2 * (HEARD - 1) - at;
    into[i] = (hann[i] as number) * (audio[at] as number);
  }
}

/** Slaney's mel scale: linear to 1,000 Hz, logarithmic above. */
const hzOf = (mel: number): number =>
  mel < 15 ? (mel * 200) / 3 : 1_000 * Math.exp((mel - 15) * (Math.log(6.4) / 27));
const melOf = (hz: number): number => 15 + Math.log(hz / 1_000) / (Math.log(6.4) / 27);

/** The triangle of each band: its first bin, and its weight in each from there. */
const triangles = Array.from({ length: MELS }, (_, m) => {
  const corner = (i: number): number => hzOf(((m + i) * melOf(SAMPLE_RATE / 2)) / (MELS + 1));
  const [low, middle, high] = [corner(0), corner(1), corner(2)];
  const weightOf = (bin: number): number => {
    const hz = (bin * SAMPLE_RATE) / FRAME;
    return Math.max(0, Math.min((hz - low) / (middle - low), (high - hz) / (high - middle))) * (2 / (high - low));
  };
  const step = SAMPLE_RATE / FRAME;
  const begin = Math.ceil(low / step);
  const end = Math.min(BINS - 1, Math.floor(high / step));
  return { begin, weights: Float64Array.from({ length: end - begin + 1 }, (_, i) => weightOf(begin + i)) };
});

function bands(power: Float64Array, into: Float32Array, t: number): void {
  triangles.forEach(({ begin, weights }, m) => {
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum += (weights[i] as number) * (power[begin + i] as number);
    into[m * FRAMES + t] = Math.log10(Math.max(sum, 1e-10));
  });
}
