import {
  type AIOptions,
  type AIPart,
  type AIProvider,
  type AudioFrame,
  abortedError,
  type Clock,
  RoomKitError,
  type SpeechPart,
  type SttOptions,
  type SttProvider,
  silence,
  type TranscriptPart,
  type TtsOptions,
  type TtsProvider,
  untilAborted,
} from "@roomkit/core";
import type { CallEntry, CallHeader } from "./entries.ts";

type Entry<K extends CallEntry["k"]> = Extract<CallEntry, { k: K }>;

/** Streams whose first audio is no further apart are the same, ms. */
const SAME_AUDIO_MS = 500;
/** What a voice takes for a character where the file does not say, ms. */
const MS_PER_CHAR = 65;
/** How much later than in the file a model may be stopped, ms. */
const STOPPED_MS = 300;
const RATE = 16_000;

interface Heard {
  readonly at: number;
  audioEnd: number | undefined;
  over: number | undefined;
  error: string | undefined;
  readonly parts: Entry<"stt-part">[];
}

/** A recogniser that says of the same audio what the recorded one said, as long after it. */
export function replayStt(
  clock: Clock,
  header: CallHeader,
  entries: readonly CallEntry[],
  begun: () => number,
): SttProvider {
  const streams = new Map<number, Heard>();
  for (const entry of entries) {
    if (entry.k === "stt")
      streams.set(entry.n, { at: entry.at, audioEnd: undefined, over: undefined, error: undefined, parts: [] });
    else if (entry.k === "stt-part") streams.get(entry.n)?.parts.push(entry);
    else if (entry.k === "stt-audio-end" || entry.k === "stt-over") {
      const stream = streams.get(entry.n);
      if (stream && entry.k === "stt-audio-end") stream.audioEnd = entry.t;
      else if (stream && entry.k === "stt-over") Object.assign(stream, { over: entry.t, error: entry.error });
    }
  }
  const left = [...streams.values()];
  const take = (at: number): Heard | undefined => {
    const index = left.findIndex((stream) => Math.abs(stream.at - at) <= SAME_AUDIO_MS);
    return index < 0 ? undefined : left.splice(index, 1)[0];
  };
  return {
    name: "replay",
    capabilities: { streaming: true, turnDetection: header.sttTakesTurns, wordTimings: false },
    async *transcribe(audio: AsyncIterable<AudioFrame>, { signal }: SttOptions): AsyncGenerator<TranscriptPart> {
      const frames = audio[Symbol.asyncIterator]();
      const first = await frames.next();
      const stream = first.done ? undefined : take(first.value.timestamp);
      const ended = new AbortController();
      let endedAt = Number.NaN;
      const rest = (async () => {
        while (!(await frames.next()).done);
        endedAt = clock.now();
        ended.abort();
      })();
      for (const { t, part } of stream?.parts ?? []) {
        const { audioEnd } = stream as Heard;
        if (audioEnd !== undefined && t >= audioEnd) {
          await untilAborted(rest, signal);
          await clock.sleep(Math.max(0, endedAt + (t - audioEnd) - clock.now()), signal);
        } else await sleepOr(clock, begun() + t - clock.now(), signal, ended.signal);
        if (signal.aborted) throw abortedError(signal);
        yield part;
      }
      await untilAborted(rest, signal);
      const { over, audioEnd, error } = stream ?? {};
      if (over !== undefined && audioEnd !== undefined)
        await clock.sleep(Math.max(0, endedAt + (over - audioEnd) - clock.now()), signal);
      if (error !== undefined && error !== "aborted") throw new RoomKitError(error, "as it was recorded");
    },
  };
}

/** Until a time has passed, or there is no more audio to wait for. @throws RoomKitError `aborted`. */
async function sleepOr(clock: Clock, ms: number, signal: AbortSignal, ended: AbortSignal): Promise<void> {
  if (!(ms > 0) || ended.aborted) return;
  const either = AbortSignal.any([signal, ended]);
  await clock.sleep(ms, either).catch(() => {});
  if (signal.aborted) throw abortedError(signal);
}

/** A model that answers as the recorded one did, one answer after the other. */
export function replayAI(clock: Clock, entries: readonly CallEntry[]): AIProvider {
  const answers: { readonly t: number; readonly parts: Entry<"ai-part">[]; over: number }[] = [];
  for (const entry of entries) {
    if (entry.k === "ai") answers[entry.n] = { t: entry.t, parts: [], over: entry.t };
    else if (entry.k === "ai-part") answers[entry.n]?.parts.push(entry);
    else if (entry.k === "ai-over") Object.assign(answers[entry.n] ?? {}, { over: entry.t });
  }
  let next = 0;
  return {
    name: "replay",
    capabilities: { tools: false },
    async *generate(_request: unknown, { signal }: AIOptions): AsyncGenerator<AIPart> {
      const answer = answers[next++];
      const begun = clock.now();
      let finished = false;
      for (const { t, part } of answer?.parts ?? []) {
        const wait = begun + t - (answer?.t ?? 0) - clock.now();
        if (wait > 0) await clock.sleep(wait, signal);
        if (signal.aborted) throw abortedError(signal);
        finished = part.type === "finish";
        yield part;
      }
      if (finished) return;
      // It was stopped there; where it is not stopped again, it has no more to say.
      const { over = 0, t = 0 } = answer ?? {};
      await clock.sleep(Math.max(0, begun + over - t + STOPPED_MS - clock.now()), signal);
      yield { type: "finish", reason: "stop" };
    },
  };
}

/** A voice without sound that takes as long as the recorded one for the same text. */
export function replayTts(clock: Clock, header: CallHeader, entries: readonly CallEntry[]): TtsProvider {
  const pieces = entries.filter((entry): entry is Entry<"piece"> => entry.k === "piece");
  const whole = pieces.filter((piece) => piece.whole);
  const [ms, chars] = [
    whole.reduce((sum, { audioMs }) => sum + audioMs, 0),
    whole.reduce((sum, { text }) => sum + text.length, 0),
  ];
  const perChar = chars > 0 ? ms / chars : MS_PER_CHAR;
  let streams = 0;
  const find = (n: number, text: string): Entry<"piece"> | undefined =>
    pieces.find((piece) => piece.n === n && piece.text === text) ?? whole.find((piece) => piece.text === text);
  return {
    name: "replay",
    capabilities: { streamingInput: true, wordTimings: header.wordTimings, sampleRate: RATE },
    async *synthesize(text: AsyncIterable<string>, { signal }: TtsOptions): AsyncGenerator<SpeechPart> {
      const n = streams++;
      let at = 0;
      for await (const piece of text) {
        const recorded = find(n, piece);
        if (recorded && recorded.waitMs > 0) await clock.sleep(recorded.waitMs, signal);
        yield { type: "segment", text: piece };
        const offset = at;
        if (recorded?.words)
          yield {
            type: "words",
            words: recorded.words.map((word) => ({
              ...word,
              startMs: offset + word.startMs,
              endMs: offset + word.endMs,
            })),
          };
        const lasts = recorded?.whole ? recorded.audioMs : Math.max(recorded?.audioMs ?? 0, piece.length * perChar);
        for (let left = lasts; left > 0; left -= 20) {
          if (signal.aborted) throw abortedError(signal);
          const frame = silence({ sampleRate: RATE, channels: 1 }, Math.min(20, left), at);
          yield { type: "audio", frame };
          at += Math.min(20, left);
        }
      }
    },
  };
}
