const RATE = 16_000;
const FRAME = 512;
const BANDS = 20;
const [LOW_HZ, HIGH_HZ] = [120, 7_000];

/** Power of the band around `hz` in a frame, by a windowed DFT of a few lines of it. */
function power(frame: Float32Array, hz: number): number {
  let [re, im] = [0, 0];
  for (let i = 0; i < frame.length; i++) {
    const w = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / frame.length);
    re += w * (frame[i] as number) * Math.cos((2 * Math.PI * hz * i) / RATE);
    im -= w * (frame[i] as number) * Math.sin((2 * Math.PI * hz * i) / RATE);
  }
  return re * re + im * im;
}

/** The pitch of a frame in Hz by its autocorrelation, 70 to 350; undefined where it has none. */
function pitch(frame: Float32Array): number | undefined {
  const correlation = (lag: number): number => {
    let [sum, a, b] = [0, 0, 0];
    for (let i = 0; i + lag < frame.length; i++) {
      const [x, y] = [frame[i] as number, frame[i + lag] as number];
      sum += x * y;
      a += x * x;
      b += y * y;
    }
    return sum / (Math.sqrt(a * b) || 1);
  };
  let [best, at] = [0.6, 0];
  for (let lag = Math.round(RATE / 350); lag <= RATE / 70; lag++) {
    const value = correlation(lag);
    // Twice the period fits as well: the shorter one counts.
    if (value > best + 0.02) [best, at] = [value, lag];
  }
  return at === 0 ? undefined : RATE / at;
}

/**
 * Something like a speaker embedding, so that real audio decides in tests who speaks: where a voice's pitch lies and how its spectrum is
 * shaped, as one vector. Tells a handful of very different voices apart, and is no match for a network.
 */
export function spectralVoice(samples: Float32Array): Float32Array {
  const bands = Array.from({ length: BANDS }, (_, k) => LOW_HZ * (HIGH_HZ / LOW_HZ) ** (k / (BANDS - 1)));
  const shape = new Float64Array(BANDS);
  const pitches: number[] = [];
  let frames = 0;
  for (let at = 0; at + FRAME <= samples.length; at += FRAME) {
    const frame = samples.subarray(at, at + FRAME);
    const hz = pitch(frame);
    if (hz === undefined) continue;
    pitches.push(hz);
    const levels = bands.map((band) => 10 * Math.log10(power(frame, band) + 1e-6));
    const mean = levels.reduce((a, b) => a + b, 0) / BANDS;
    // Every voice falls by some 9 dB in an octave: what is left is its own.
    levels.forEach((level, k) => {
      shape[k] =
        (shape[k] as number) + level - mean + 9 * Math.log2((bands[k] as number) / Math.sqrt(LOW_HZ * HIGH_HZ));
    });
    frames++;
  }
  if (frames === 0) return new Float32Array(BANDS + 24);
  const voiced = [...pitches].sort((a, b) => a - b)[Math.floor(pitches.length / 2)] as number;
  const places = Array.from({ length: 24 }, (_, k) => {
    const octaves = Math.log2(voiced / (70 * 2 ** (k / 10)));
    return 30 * Math.exp(-0.5 * (octaves / 0.1) ** 2);
  });
  return Float32Array.from([...shape.map((sum) => sum / frames), ...places]);
}
