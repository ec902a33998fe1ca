import { existsSync, readdirSync, readFileSync } from "node:fs";
import { RoomKitError, type TtsProvider, type VadEvent } from "@roomkit/core";
import { createResampler } from "@roomkit/pipeline";
import { fliteTts } from "@roomkit/provider-flite";
import { inFrames, inSequence, samplesOfWav } from "@roomkit/testing";
import type { Engine, Job } from "./engine.ts";
import type { SileroVad } from "./stream.ts";

export const format = { sampleRate: 16_000, channels: 1 } as const;

/** A sentence spoken by a synthetic voice, 16 kHz: speech that is there on every machine. */
export async function spoken(text: string): Promise<Int16Array> {
  const tts: TtsProvider = fliteTts({ jobTimeoutMs: 60_000 });
  try {
    const pieces = (async function* () {
      yield text;
    })();
    const parts: Int16Array[] = [];
    for await (const part of tts.synthesize(pieces, { signal: AbortSignal.timeout(30_000) })) {
      if (part.type !== "audio") continue;
      if (part.frame.sampleRate !== 16_000) throw new RoomKitError("unsupported_format", "Flite speaks at 16 kHz");
      parts.push(part.frame.samples);
    }
    return inSequence(...parts);
  } finally {
    await tts.close?.();
  }
}

/** People reading single phrases, where Debian's pocketsphinx-testdata and alsa-utils are installed. */
export const recordings: readonly string[] = [
  "/usr/share/pocketsphinx/test/data/cards",
  "/usr/share/pocketsphinx/test/data/librivox",
  "/usr/share/sounds/alsa",
]
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder).map((file) => `${folder}/${file}`))
  .filter((file) => file.endsWith(".wav"));

/** A recording at 16 kHz. */
export function recorded(file: string): Int16Array {
  const { samples, format: its } = samplesOfWav(readFileSync(file));
  const resampler = createResampler(its.sampleRate, 16_000);
  return inSequence(resampler.process(samples), resampler.flush());
}

/** What a detector decides on 20 ms frames when it has all the time it wants. */
export async function hear(vad: SileroVad, samples: Int16Array, begin = 0): Promise<VadEvent[]> {
  const events: VadEvent[] = [];
  for (const frame of inFrames(samples, format, 320, begin)) {
    const event = vad.process(frame);
    if (event) events.push(event);
    await vad.idle();
  }
  return events;
}

/** An engine that does nothing until the test says what comes out. */
export class ManualEngine implements Engine {
  readonly jobs: Job[] = [];

  submit(job: Job): void {
    this.jobs.push(job);
  }

  /** Answers the oldest job, and lets what follows from it happen. */
  async answer(probability: number | RoomKitError): Promise<void> {
    const job = this.jobs.shift();
    if (typeof probability === "number") job?.done(probability, new Float32Array(256).fill(probability));
    else job?.failed(probability);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
