import { type AbortScope, abortedError, BoundedQueue, RoomKitError, type SpeechPart } from "@roomkit/core";
import type { WorkerPool } from "@roomkit/worker-pool";
import type { FliteJob, FliteSpeech } from "../engine/worker.ts";
import type { CallSettings } from "../options.ts";
import { MAX_PIECE_CHARS, sanitize } from "../text/sanitize.ts";
import { splitLong } from "../text/split.ts";
import { tokenize } from "../text/tokens.ts";
import { FrameCutter } from "./frames.ts";
import { Slots } from "./slots.ts";

/** The rate of all voices, in Hz. */
export const SAMPLE_RATE = 16_000;

export interface SpeechStreamOptions {
  readonly pool: WorkerPool<FliteJob, FliteSpeech>;
  readonly settings: CallSettings;
  readonly pauseMs: number;
  readonly maxChars: number;
  readonly lookAhead: number;
  /** Of this call alone; it is aborted here when the reader stops. */
  readonly scope: AbortScope;
}

/** What the reader comes to next: the beginning of a piece, or a part of it that is being spoken. */
type Unit =
  | { readonly type: "segment"; readonly text: string }
  | { readonly type: "speech"; readonly speech: Promise<FliteSpeech>; readonly pauseMs: number };

/**
 * Speaks the pieces of a text. One side takes pieces and gives them to the workers, at most `lookAhead` ahead of the other side,
 * which yields what they made, in order. Whoever pulls slowly thereby holds back the text as well.
 */
export async function* speechStream(
  text: AsyncIterable<string>,
  options: SpeechStreamOptions,
): AsyncGenerator<SpeechPart, void, undefined> {
  const { scope, lookAhead } = options;
  const { signal } = scope;
  if (signal.aborted) throw abortedError(signal);
  const slots = new Slots(lookAhead);
  // Slots bound the spoken units; a piece adds one unit that says where it begins.
  const units = new BoundedQueue<Unit>({ capacity: 2 * lookAhead + 2, overflow: "throw" });
  const unwatch = units.abortOn(signal);
  void produce(text, options, slots, units);
  const cutter = new FrameCutter(SAMPLE_RATE);
  try {
    for await (const unit of units) {
      if (unit.type === "segment") {
        yield unit;
        continue;
      }
      const { samples, words } = await unit.speech;
      slots.give();
      const offset = cutter.positionMs;
      yield {
        type: "words",
        words: words.map((w) => ({ ...w, startMs: w.startMs + offset, endMs: w.endMs + offset })),
      };
      for (const frame of cutter.cut(samples, unit.pauseMs)) {
        if (signal.aborted) throw abortedError(signal);
        yield { type: "audio", frame };
      }
    }
    if (signal.aborted) throw abortedError(signal);
  } finally {
    unwatch();
    scope.abort(new RoomKitError("aborted", "nobody reads the speech any more"));
  }
}

/** Takes pieces from the text as there is room for them. Never throws: what goes wrong reaches the reader through the queue. */
async function produce(
  text: AsyncIterable<string>,
  options: SpeechStreamOptions,
  slots: Slots,
  units: BoundedQueue<Unit>,
): Promise<void> {
  const { maxChars, pool, settings } = options;
  const { signal } = options.scope;
  const source = text[Symbol.asyncIterator]();
  // Not awaited: a source that is stuck must not hold anything up.
  const letGo = (): void => void source.return?.()?.catch(() => {});
  signal.addEventListener("abort", letGo, { once: true });
  try {
    for (;;) {
      await slots.take(signal);
      const next = await source.next();
      if (signal.aborted) return;
      if (next.done) break;
      units.push({ type: "segment", text: next.value });
      let place = true;
      for (const part of splitLong(sanitize(checked(next.value)), maxChars)) {
        const tokens = tokenize(part);
        if (tokens.length === 0) continue;
        if (!place) await slots.take(signal);
        place = false;
        const speech = pool.run({ tokens, ...settings }, { signal });
        // The reader may never come to it.
        speech.catch(() => {});
        const pauseMs = /[.!?]/.test(tokens.at(-1)?.pause ?? "") ? options.pauseMs : options.pauseMs / 2;
        units.push({ type: "speech", speech, pauseMs });
      }
      if (place) slots.give();
    }
    units.end();
  } catch (error) {
    letGo();
    units.fail(error);
  } finally {
    signal.removeEventListener("abort", letGo);
  }
}

function checked(piece: string): string {
  if (typeof piece !== "string") throw new RoomKitError("invalid_text", "a piece of text must be a string");
  if (piece.length <= MAX_PIECE_CHARS) return piece;
  const details = { length: piece.length, max: MAX_PIECE_CHARS };
  throw new RoomKitError("text_too_long", `a piece of text may have ${MAX_PIECE_CHARS} characters`, { details });
}
