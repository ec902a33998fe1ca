import {
  type AIProvider,
  type AudioFrame,
  frameDurationMs,
  RoomKitError,
  type SpeechPart,
  type SttProvider,
  type TtsProvider,
  type WordTiming,
} from "@roomkit/core";
import { maskedAI, maskedTranscript, maskedWords } from "./masked.ts";
import type { CallWriter } from "./writer.ts";

type Of = () => CallWriter | undefined;

/** A recogniser, written down: what it said of which audio, and when. */
export function recordedStt(stt: SttProvider, of: Of): SttProvider {
  return sameBut(stt, {
    async *transcribe(audio: AsyncIterable<AudioFrame>, options: Parameters<SttProvider["transcribe"]>[1]) {
      const writer = of();
      const n = writer?.stream("stt") ?? 0;
      const watched = async function* () {
        let first = true;
        for await (const frame of audio) {
          if (first) writer?.add({ k: "stt", n, at: frame.timestamp });
          first = false;
          yield frame;
        }
        writer?.add({ k: "stt-audio-end", n });
      };
      let error: string | undefined;
      try {
        for await (const part of stt.transcribe(watched(), options)) {
          writer?.add({ k: "stt-part", n, part: maskedTranscript(part, writer.mask) });
          yield part;
        }
      } catch (thrown) {
        error = codeOf(thrown);
        throw thrown;
      } finally {
        writer?.add({ k: "stt-over", n, ...(error !== undefined && { error }) });
      }
    },
  });
}

/** A model, written down: its texts and when they came. */
export function recordedAI(ai: AIProvider, of: Of): AIProvider {
  return sameBut(ai, {
    async *generate(...args: Parameters<AIProvider["generate"]>) {
      const writer = of();
      const n = writer?.stream("ai") ?? 0;
      writer?.add({ k: "ai", n });
      let error: string | undefined;
      try {
        for await (const part of ai.generate(...args)) {
          const kept = writer && maskedAI(part, writer.maskSaid);
          if (kept) writer.add({ k: "ai-part", n, part: kept });
          yield part;
        }
      } catch (thrown) {
        error = codeOf(thrown);
        throw thrown;
      } finally {
        writer?.add({ k: "ai-over", n, ...(error !== undefined && { error }) });
      }
    },
  });
}

interface Piece {
  readonly text: string;
  readonly givenAt: number;
  waitMs: number | undefined;
  audioMs: number;
  readonly words: WordTiming[];
}

/** A voice, written down: how long each piece took to come, how much audio it is and where its words are; no audio. */
export function recordedTts(tts: TtsProvider, of: Of): TtsProvider {
  return sameBut(tts, {
    async *synthesize(text: AsyncIterable<string>, options: Parameters<TtsProvider["synthesize"]>[1]) {
      const writer = of();
      const n = writer?.stream("tts") ?? 0;
      /** Given and not over yet, in order: voices that say where a piece begins are behind those that were given. */
      const pieces: Piece[] = [];
      const write = (piece: Piece, whole: boolean): void => {
        const { waitMs = 0, audioMs, words } = piece;
        const told = words.length > 0 && writer ? { words: maskedWords(words, writer.maskSaid) } : {};
        writer?.add({ k: "piece", n, text: writer.maskSaid(piece.text), waitMs, audioMs, whole, ...told });
      };
      const given = async function* () {
        for await (const piece of text) {
          pieces.push({ text: piece, givenAt: writer?.now ?? 0, waitMs: undefined, audioMs: 0, words: [] });
          yield piece;
        }
      };
      let before = 0;
      let whole = false;
      let named = false;
      let lastAudio = 0;
      try {
        for await (const part of tts.synthesize(given(), options)) {
          if (part.type === "segment" && (pieces[0]?.audioMs ?? 0) > 0) {
            const over = pieces.shift() as Piece;
            before += over.audioMs;
            write(over, true);
          }
          named ||= part.type === "segment";
          const now = writer?.now ?? 0;
          note(pieces[0], part, now - lastAudio, before, now);
          if (part.type === "audio") lastAudio = now;
          yield part;
        }
        whole = true;
      } finally {
        for (const piece of named ? pieces : spread(pieces)) if (piece.audioMs > 0) write(piece, whole);
      }
    },
  });
}

/** A voice that does not say where its pieces begin: all its audio, by their length. */
function spread(pieces: readonly Piece[]): Piece[] {
  const chars = pieces.reduce((sum, { text }) => sum + text.length, 0);
  const { audioMs = 0, waitMs = 0 } = pieces[0] ?? {};
  return pieces.map((piece, i) => ({
    ...piece,
    audioMs: (audioMs * piece.text.length) / Math.max(1, chars),
    waitMs: i === 0 ? waitMs : 0,
  }));
}

/** @param sinceMs since the audio before, of whatever piece */
function note(piece: Piece | undefined, part: SpeechPart, sinceMs: number, before: number, now: number): void {
  if (!piece) return;
  if (part.type === "audio") {
    piece.waitMs ??= Math.min(sinceMs, now - piece.givenAt);
    piece.audioMs += frameDurationMs(part.frame);
  } else if (part.type === "words")
    for (const { text, startMs, endMs } of part.words)
      piece.words.push({ text, startMs: startMs - before, endMs: endMs - before });
}

/** The same object, but for some of its members. */
export function sameBut<T extends object>(target: T, changed: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      if (name in changed) return Reflect.get(changed, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

export const codeOf = (thrown: unknown): string => RoomKitError.from(thrown, "failed").code;
