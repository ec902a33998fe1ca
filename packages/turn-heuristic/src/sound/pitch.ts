/** Pitches looked for, in Hz. */
const LOW = 65;
const HIGH = 400;
/** Samples that are compared, in s: two periods of the lowest. */
const WINDOW_S = 0.03;
/** How alike two periods must be. */
const VOICED = 0.6;

/**
 * The pitch of a voice around `from`, by the delay at which the sound is most like itself (normalised autocorrelation; of delays nearly as good the
 * shortest, so that no octave is lost), between samples by a parabola.
 *
 * @returns Hz; 0 where there is no voice
 */
export function pitchOf(samples: Float32Array, from: number, sampleRate: number): number {
  const begin = Math.max(0, Math.round(from));
  const [least, most] = [Math.floor(sampleRate / HIGH), Math.ceil(sampleRate / LOW)];
  const length = Math.round(sampleRate * WINDOW_S);
  if (begin + length + most >= samples.length) return 0;
  const scores = new Float64Array(most + 2);
  const energy = (at: number): number => (samples[at] as number) ** 2;
  let [best, own, other] = [0, 0, 0];
  for (let i = begin; i < begin + length; i++) {
    own += energy(i);
    other += energy(i + least);
  }
  for (let lag = least; lag <= most; lag++) {
    let both = 0;
    for (let i = begin; i < begin + length; i++) both += (samples[i] as number) * (samples[i + lag] as number);
    const score = both / Math.sqrt(own * Math.max(0, other) + 1e-12);
    scores[lag] = score;
    if (score > best) best = score;
    other += energy(begin + lag + length) - energy(begin + lag);
  }
  if (!(best >= VOICED)) return 0;
  for (let lag = least; lag <= most; lag++) {
    const [before, here, after] = [scores[lag - 1] ?? 0, scores[lag] as number, scores[lag + 1] ?? 0];
    if (here < 0.9 * best || here < before || here < after) continue;
    const bend = before - 2 * here + after;
    const shift = bend < 0 && lag > least && lag < most ? (before - after) / (2 * bend) : 0;
    return sampleRate / (lag + shift);
  }
  return 0;
}
