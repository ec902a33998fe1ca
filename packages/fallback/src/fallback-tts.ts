import { frameDurationMs, HeardLedger, RoomKitError, type SpeechPart, type TtsProvider } from "@roomkit/core";
import { attempts } from "./attempts.ts";
import { Closing } from "./closing.ts";
import { candidatesOf, type FallbackOptions, settingsFor, settingsOf } from "./options.ts";

/**
 * Several voices as one. The next voice goes on with the words the first did not say. All must deliver the same rate: a listener's
 * stream cannot change it in the middle.
 */
export function fallbackTts(providers: readonly TtsProvider[], options: FallbackOptions): TtsProvider {
  const candidates = candidatesOf(providers, options);
  const settings = settingsOf(options);
  const closing = new Closing(providers);
  const [first] = providers as [TtsProvider];
  if (providers.some(({ capabilities }) => capabilities.sampleRate !== first.capabilities.sampleRate)) {
    throw new RoomKitError("invalid_option", "voices that stand in for each other must have the same sample rate");
  }
  return {
    name: `fallback(${providers.map(({ name }) => name).join(", ")})`,
    capabilities: {
      sampleRate: first.capabilities.sampleRate,
      streamingInput: providers.every(({ capabilities }) => capabilities.streamingInput),
      wordTimings: providers.every(({ capabilities }) => capabilities.wordTimings),
    },
    // One that is not, takes what the others cannot.
    overloaded: () => providers.every((provider) => provider.overloaded?.() ?? false),
    async *synthesize(text, tts): AsyncGenerator<SpeechPart, void, undefined> {
      const call = closing.call(tts.signal);
      const source = text[Symbol.asyncIterator]();
      let pending: Promise<IteratorResult<string>> | undefined;
      /** What the voice before said, and from when on. */
      let before: { readonly ledger: HeardLedger; readonly startMs: number } | undefined;
      const open = async function* ({
        provider,
        signal,
      }: {
        provider: TtsProvider;
        signal: AbortSignal;
      }): AsyncGenerator<SpeechPart> {
        const ledger = new HeardLedger();
        // Asked of its ledger now: a voice that hangs never comes to tell what it left unsaid.
        const resumed = before?.ledger.heardAt(before.ledger.audioMs).unheard ?? "";
        const startMs = before ? before.startMs + before.ledger.audioMs : 0;
        before = { ledger, startMs };
        // Pieces are taken one by one, so that none is lost with the voice that was given it: the ledger knows what it said.
        async function* pieces(): AsyncGenerator<string> {
          if (resumed !== "") {
            ledger.addText(resumed);
            yield resumed;
          }
          while (!signal.aborted) {
            pending ??= source.next();
            const next = await pending;
            if (signal.aborted) return;
            pending = undefined;
            if (next.done) return;
            ledger.addText(next.value);
            yield next.value;
          }
        }
        // The voice of one call may not keep the caller's signal: it is given up alone.
        for await (const part of provider.synthesize(pieces(), { ...tts, signal })) {
          if (signal.aborted) return;
          if (part.type === "segment") ledger.beginSegment(part.text);
          else if (part.type === "words") ledger.addWords(part.words);
          else ledger.addAudio(frameDurationMs(part.frame));
          yield shifted(part, startMs);
        }
      };
      try {
        yield* attempts(candidates, settingsFor(settings, tts), call.signal, open);
      } finally {
        call.release();
        Promise.resolve(source.return?.()).catch(() => {});
      }
    },
    async warmUp(signal) {
      await Promise.all(providers.map((provider) => provider.warmUp?.(signal)));
    },
    close: () => closing.close(),
  };
}

/** Times count from the beginning of the whole utterance, not of the voice that says this part of it. */
function shifted(part: SpeechPart, ms: number): SpeechPart {
  if (ms === 0 || part.type === "segment") return part;
  if (part.type === "audio") return { type: "audio", frame: { ...part.frame, timestamp: part.frame.timestamp + ms } };
  return {
    type: "words",
    words: part.words.map((word) => ({ ...word, startMs: word.startMs + ms, endMs: word.endMs + ms })),
  };
}
