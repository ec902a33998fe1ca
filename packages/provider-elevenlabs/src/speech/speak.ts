import { abortedError, type Clock, type SpeechPart } from "@roomkit/core";
import { AnswerWatch, incomplete, linkedAbort, PcmFramer, ProviderError } from "@roomkit/provider-utils";
import { NAME } from "../options.ts";
import type { SpeechChannel } from "./channel.ts";
import type { Pieces } from "./pieces.ts";
import { TextFeed } from "./text-feed.ts";
import { WordBuilder } from "./word-builder.ts";

export interface SpeakOptions {
  /** Hz. */
  readonly sampleRate: number;
  /** 0: no limit. */
  readonly stallMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * One utterance over a channel of its own, which is closed with it: text goes out as it comes, words and audio come in.
 *
 * @param open makes the channel; begun before the first text is there, so that it need not be waited for.
 * @throws ProviderError; RoomKitError `aborted`; what the text throws.
 */
export async function* speak(
  open: (signal: AbortSignal) => Promise<SpeechChannel>,
  pieces: Pieces,
  { sampleRate, stallMs, clock, signal }: SpeakOptions,
): AsyncGenerator<SpeechPart, void, undefined> {
  const own = linkedAbort(signal);
  const opening = open(own.signal);
  opening.catch(() => {});
  let failure: { readonly error: unknown } | undefined;
  let channel: SpeechChannel | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    channel?.close();
  };
  const watch = new AnswerWatch(clock, stallMs, () =>
    fail(new ProviderError("timeout", `${NAME} sent nothing within ${stallMs} ms`, { provider: NAME })),
  );
  try {
    if ((await pieces.at(0)) === undefined) return;
    const opened = await opening;
    channel = opened;
    const feed = new TextFeed(opened, { clock, onSent: () => watch.asked() });
    feed.run(pieces, own.signal).catch(fail);
    const framer = new PcmFramer({ sampleRate, channels: 1 });
    const builder = new WordBuilder();
    let bytes = 0;
    let final = false;
    for await (const spoken of opened) {
      watch.answered();
      watch.hold();
      const fromMs = (bytes / 2 / sampleRate) * 1000;
      bytes += spoken.audio?.length ?? 0;
      const words = spoken.alignment ? builder.add(spoken.alignment, fromMs) : [];
      if (words.length > 0) yield { type: "words", words };
      for (const frame of framer.push(spoken.audio ?? new Uint8Array(0))) yield { type: "audio", frame };
      // Before the text has ended it only says that what was sent so far has been spoken.
      final = spoken.final && feed.finished;
      if (final) break;
      feed.heard();
      watch.release();
      if (feed.finished) watch.asked();
    }
    if (signal.aborted) throw abortedError(signal);
    if (failure) throw failure.error;
    if (!final || bytes === 0) throw incomplete(NAME);
    const last = framer.flush();
    if (last) yield { type: "audio", frame: last };
    const words = builder.flush();
    if (words.length > 0) yield { type: "words", words };
  } finally {
    watch.answered();
    if (channel) channel.close();
    else opening.then((late) => late.close()).catch(() => {});
    own.abort();
    own.unlink();
  }
}
