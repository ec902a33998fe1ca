import type { AudioFrame, SttProvider } from "@roomkit/core";
import { sameBut } from "./recorded-providers.ts";

/** The longest that is waited for a recogniser, in real time, ms. */
const MOST_MS = 30_000;

/** A recogniser that works in real time, for a call on a virtual clock: that is held up while it owes its last words. */
export function patientStt(stt: SttProvider): { readonly stt: SttProvider; readonly settled: () => Promise<void> } {
  const owing = new Set<Promise<void>>();
  const patient = sameBut(stt, {
    async *transcribe(audio: AsyncIterable<AudioFrame>, options: Parameters<SttProvider["transcribe"]>[1]) {
      let over = (): void => {};
      const done = new Promise<void>((resolve) => {
        over = resolve;
      });
      const watched = async function* () {
        yield* audio;
        owing.add(done);
      };
      try {
        yield* stt.transcribe(watched(), options);
      } finally {
        owing.delete(done);
        over();
      }
    },
  });
  const settled = async (): Promise<void> => {
    if (owing.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MOST_MS);
    });
    await Promise.race([Promise.all(owing), late]);
    clearTimeout(timer);
    // One that does not end is not waited for again.
    owing.clear();
  };
  return { stt: patient, settled };
}
