import { fliteTts } from "@roomkit/provider-flite";
import { concat, resample } from "../../apps/demo-server/test/speech.fixture.ts";

/** What the SDK sends, Hz. */
const RATE = 16_000;

/** Sentences in a voice, at 16,000 Hz, by one process for all of them. */
export async function spokenAll<K extends string>(texts: Readonly<Record<K, string>>): Promise<Record<K, Int16Array>> {
  const tts = fliteTts({ jobTimeoutMs: 60_000 });
  const sounds = {} as Record<K, Int16Array>;
  try {
    for (const [name, text] of Object.entries(texts) as [K, string][]) {
      const pieces: Int16Array[] = [];
      let sampleRate = RATE;
      async function* once() {
        yield text;
      }
      for await (const part of tts.synthesize(once(), { signal: AbortSignal.timeout(60_000) })) {
        if (part.type !== "audio") continue;
        ({ sampleRate } = part.frame);
        pieces.push(part.frame.samples);
      }
      sounds[name] = resample({ samples: concat(pieces), sampleRate }, RATE);
    }
  } finally {
    await tts.close?.();
  }
  return sounds;
}

const FRAME_MS = 40;
/** How much alike two periods are in a vowel, 0 to 1. */
const VOICED = 0.7;

/** The pitch of a voice in Hz: the median of what the autocorrelation of its voiced pieces says, between 60 and 320 Hz. */
export function pitchOf(samples: Int16Array, sampleRate: number): number {
  const size = (sampleRate * FRAME_MS) / 1_000;
  const longest = Math.round(sampleRate / 60);
  const found: number[] = [];
  for (let from = 0; from + size + longest <= samples.length; from += size) {
    let best = { likeness: VOICED, lag: 0 };
    const energy = correlation(samples, from, 0, size);
    // Of a period and its multiples the shortest counts.
    for (let lag = Math.round(sampleRate / 320); lag <= longest; lag++) {
      const likeness =
        correlation(samples, from, lag, size) / Math.sqrt(energy * correlation(samples, from + lag, 0, size));
      if (likeness > best.likeness + 0.05) best = { likeness, lag };
    }
    if (energy / size > 10_000 && best.lag > 0) found.push(sampleRate / best.lag);
  }
  return found.sort((a, b) => a - b)[found.length >> 1] ?? Number.NaN;
}

function correlation(samples: Int16Array, from: number, lag: number, size: number): number {
  let sum = 0;
  for (let i = from; i < from + size; i += 2) sum += (samples[i] as number) * (samples[i + lag] as number);
  return sum;
}
