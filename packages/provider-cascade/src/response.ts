import {
  type AIPart,
  type AudioFrame,
  abortedError,
  BoundedQueue,
  type Clock,
  type FinishReason,
  frameDurationMs,
  type HeardLedger,
  RoomKitError,
  type SentenceOptions,
  SilenceWatch,
  type SpeechFilter,
  type SpeechPart,
  speechPieces,
  type ToolCall,
  type TtsProvider,
} from "@roomkit/core";

/** What one answer of the model came to. */
export interface SpokenRound {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly reason: FinishReason;
  readonly providerData: unknown;
}

export interface RoundOptions {
  readonly tts: TtsProvider;
  readonly voice?: string | undefined;
  readonly language?: string | undefined;
  readonly filter: SpeechFilter;
  readonly sentences?: SentenceOptions | undefined;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Longest silence of model and voice together, in ms. */
  readonly silenceMs: number;
  readonly ledger: HeardLedger;
  readonly onAudio: (frame: AudioFrame) => void;
  /** The text whose speech has begun so far. */
  readonly onText: (text: string) => void;
}

/** Pieces the model may be ahead of the voice. */
const MAX_TEXT_AHEAD = 4_096;

/**
 * Speaks one round of the model while it is being written; `generate` begins it. Throws what failed, `timeout` when model and voice
 * fell silent; what was spoken until then stands in the ledger.
 */
export async function speakRound(
  generate: (signal: AbortSignal) => AsyncIterable<AIPart>,
  options: RoundOptions,
): Promise<SpokenRound> {
  const { clock, silenceMs, ledger } = options;
  const stalled = new AbortController();
  const signal = AbortSignal.any([options.signal, stalled.signal]);
  const silent = new Promise<never>((_, reject) => {
    stalled.signal.addEventListener("abort", () => reject(stalled.signal.reason), { once: true });
  });
  const watch = new SilenceWatch(clock, silenceMs, () =>
    stalled.abort(new RoomKitError("timeout", `model and voice were silent for ${silenceMs} ms`, { retryable: true })),
  );
  const onSign = (): void => {
    watch.heard();
    watch.owes(true);
  };
  const text = new BoundedQueue<string>({ capacity: MAX_TEXT_AHEAD, overflow: "throw" });
  const stopWatching = text.abortOn(signal);
  onSign();
  try {
    const work = Promise.all([
      readModel(generate(signal), text, signal, onSign),
      speak(text, { ...options, signal }, onSign),
    ]);
    // Neither of them need heed its signal.
    const [round] = await Promise.race([work, silent]);
    return { ...round, text: ledger.text };
  } finally {
    watch.heard();
    stopWatching();
    void text.return();
  }
}

/** A round of fixed words. */
export async function* said(
  text: string,
): AsyncGenerator<
  { readonly type: "text-delta"; readonly text: string } | { readonly type: "finish"; readonly reason: "stop" }
> {
  yield { type: "text-delta", text };
  yield { type: "finish", reason: "stop" };
}

async function readModel(
  parts: AsyncIterable<AIPart>,
  text: BoundedQueue<string>,
  signal: AbortSignal,
  onSign: () => void,
): Promise<Omit<SpokenRound, "text">> {
  const toolCalls: ToolCall[] = [];
  let reason: FinishReason | undefined;
  let providerData: unknown;
  try {
    for await (const part of parts) {
      if (signal.aborted) throw abortedError(signal);
      onSign();
      if (part.type === "text-delta") text.push(part.text);
      else if (part.type === "tool-call") toolCalls.push({ id: part.id, name: part.name, arguments: part.arguments });
      else if (part.type === "error") throw part.error;
      else if (part.type === "finish") {
        reason = part.reason;
        providerData = part.providerData;
      }
    }
    if (reason === undefined)
      throw new RoomKitError("ai_truncated", "the model stopped without finishing", { retryable: true });
  } finally {
    // What it said before it failed is still spoken.
    text.end();
  }
  return { toolCalls, reason, providerData };
}

async function speak(text: AsyncIterable<string>, options: RoundOptions, onSign: () => void): Promise<void> {
  const { tts, voice, language, filter, sentences, signal, ledger } = options;
  async function* pieces(): AsyncGenerator<string, void, undefined> {
    for await (const piece of speechPieces(text, { filter, sentences })) {
      ledger.addText(piece);
      if (piece.spoken !== "") yield piece.spoken;
    }
  }
  const speech = tts.synthesize(pieces(), {
    signal,
    ...(voice === undefined ? {} : { voice }),
    ...(language === undefined ? {} : { language }),
  });
  let shown = "";
  for await (const part of speech) {
    if (signal.aborted) throw abortedError(signal);
    onSign();
    note(part, ledger);
    if (part.type !== "audio") continue;
    options.onAudio(part.frame);
    const begun = ledger.begunText(ledger.audioMs);
    if (begun.length > shown.length) {
      shown = begun;
      options.onText(shown);
    }
  }
  ledger.finish();
}

function note(part: SpeechPart, ledger: HeardLedger): void {
  if (part.type === "segment") ledger.beginSegment(part.text);
  else if (part.type === "words") ledger.addWords(part.words);
  else ledger.addAudio(frameDurationMs(part.frame));
}
