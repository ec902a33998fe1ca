/** Kept before the first sound and after the last one, in ms; the fade lies in it. */
const MARGIN_MS = 25;
const FADE_MS = 5;
/** No sample is louder than -1 dBFS. */
const PEAK = Math.floor(32_768 * 10 ** (-1 / 20));

export interface Shaped {
  readonly samples: Int16Array;
  /** What was cut off the beginning, in ms. */
  readonly cutMs: number;
}

/**
 * Brings speech to its level and takes off the silence the engine puts around it. Where the gain would take a peak beyond
 * -1 dBFS the whole piece gets less: that changes no waveform.
 *
 * @param soundMs where the first sound begins and the last one ends
 */
export function shape(
  samples: Int16Array,
  sampleRate: number,
  gainDb: number,
  soundMs: { readonly from: number; readonly to: number },
): Shaped {
  const perMs = sampleRate / 1000;
  const from = Math.min(samples.length, Math.max(0, Math.round((soundMs.from - MARGIN_MS) * perMs)));
  const to = Math.max(from, Math.min(samples.length, Math.round((soundMs.to + MARGIN_MS) * perMs)));
  let peak = 1;
  for (let i = from; i < to; i++) peak = Math.max(peak, Math.abs(samples[i] as number));
  const gain = Math.min(10 ** (gainDb / 20), PEAK / peak);
  const fade = Math.min(Math.round(FADE_MS * perMs), (to - from) >> 1);
  const shaped = new Int16Array(to - from);
  for (let i = 0; i < shaped.length; i++) {
    const edge = Math.min(i, shaped.length - 1 - i);
    const slope = edge < fade ? edge / fade : 1;
    shaped[i] = Math.round((samples[from + i] as number) * gain * slope);
  }
  return { samples: shaped, cutMs: from / perMs };
}
