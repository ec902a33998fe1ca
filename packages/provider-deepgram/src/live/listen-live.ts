import type { DeepgramClient } from "@deepgram/sdk";
import {
  type AudioFormat,
  type AudioFrame,
  abortable,
  abortedError,
  systemClock,
  type TranscriptPart,
} from "@roomkit/core";
import {
  AnswerWatch,
  incomplete,
  linkedAbort,
  loggedRetry,
  type OpenCalls,
  ProviderError,
  retry,
} from "@roomkit/provider-utils";
import { LiveSocket, type SdkSocket } from "../connection/live-socket.ts";
import { type DeepgramLiveOptions, NAME } from "../connection/options.ts";
import type { DeepgramSdk } from "../connection/sdk.ts";
import { AudioFeed } from "./audio-feed.ts";

/** What one version of the API makes of messages. Without I/O. */
export interface MessageReader {
  /** @throws ProviderError for a message that is an error. */
  read(message: unknown): TranscriptPart[];
  /** The answer is complete, whatever else may come. */
  readonly done: boolean;
  /** The vendor closed without complaint after all audio was sent: what is left, or undefined when that is no complete answer. */
  end(): TranscriptPart[] | undefined;
}

/** One version of the API. */
export interface LiveProtocol<S extends SdkSocket> {
  readonly create: (client: DeepgramClient, format: AudioFormat) => Promise<S>;
  readonly reader: MessageReader;
  /** Says that the connection is wanted although no audio comes; absent where that is not needed. */
  readonly keepAlive?: ((sdk: S) => void) | undefined;
  /** Says that no audio will come any more. */
  readonly finish: (sdk: S) => void;
}

export interface LiveContext {
  readonly sdk: DeepgramSdk;
  readonly options: DeepgramLiveOptions;
  readonly signal: AbortSignal;
}

/** Audio that has not come for longer is not flowing, ms. */
const FLOWING_MS = 1_000;

/** One call: a stream of audio over a connection of its own. Ends at once with its signal, and when the provider is closed. */
export function listenLive<S extends SdkSocket>(
  audio: AsyncIterable<AudioFrame>,
  protocol: LiveProtocol<S>,
  { calls, signal, ...context }: LiveContext & { readonly calls: OpenCalls },
): AsyncIterable<TranscriptPart> {
  return calls.stream(signal, (inner) => abortable(listen(audio, protocol, { ...context, signal: inner }), inner));
}

/** The connection is made when the first frame is there: it says which rate to announce. */
async function* listen<S extends SdkSocket>(
  audio: AsyncIterable<AudioFrame>,
  protocol: LiveProtocol<S>,
  { sdk, options, signal }: LiveContext,
): AsyncGenerator<TranscriptPart, void, undefined> {
  const { clock = systemClock, stallMs = 10_000 } = options;
  const { reader, keepAlive, finish } = protocol;
  const own = linkedAbort(signal);
  const frames = abortable(audio, own.signal);
  let socket: LiveSocket<S> | undefined;
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    socket?.close();
  };
  let sent = false;
  let lastSentAt = 0;
  const watch = new AnswerWatch(clock, stallMs, () => {
    // A little audio before a pause may well be answered after it.
    if (!sent && clock.now() - lastSentAt > FLOWING_MS) watch.answered();
    else fail(new ProviderError("timeout", `${NAME} sent nothing within ${stallMs} ms`, { provider: NAME }));
  });
  try {
    const first = await firstFrame(frames);
    if (!first) return;
    const live = await connect(first, protocol, { sdk, options, signal: own.signal });
    socket = live;
    const feed = new AudioFeed(
      {
        send: (bytes) => {
          live.send((made) => made.sendMedia(bytes));
          lastSentAt = clock.now();
          watch.asked();
        },
        drain: () => live.drain(own.signal),
        keepAlive: keepAlive && (() => live.send(keepAlive)),
        end: () => {
          sent = true;
          live.send(finish);
          watch.asked();
        },
      },
      clock,
    );
    feed.run(frames, first, own.signal).catch(fail);
    for await (const message of live) {
      watch.answered();
      const parts = reader.read(message);
      feed.hold();
      watch.hold();
      for (const part of parts) yield part;
      if (reader.done) return;
      feed.release();
      watch.release();
      // Something must follow until the answer is complete.
      if (sent) watch.asked();
    }
    if (signal.aborted) throw abortedError(signal);
    if (failure) throw failure.error;
    const rest = sent ? reader.end() : undefined;
    if (!rest) throw incomplete(NAME);
    yield* rest;
  } finally {
    watch.answered();
    socket?.close();
    own.abort();
    own.unlink();
    void frames.return();
  }
}

/** The first frame with anything in it. */
async function firstFrame(frames: AsyncIterator<AudioFrame>): Promise<AudioFrame | undefined> {
  for (;;) {
    const next = await frames.next();
    if (next.done) return undefined;
    if (next.value.samples.length > 0) return next.value;
  }
}

/** Only this is tried again: audio that was sent is not kept, and whoever has it may send all of it again. */
function connect<S extends SdkSocket>(
  format: AudioFormat,
  { create }: LiveProtocol<S>,
  { sdk, options, signal }: LiveContext,
): Promise<LiveSocket<S>> {
  const { clock = systemClock, connectTimeoutMs = 10_000, socket } = options;
  return retry(
    () =>
      LiveSocket.open({
        sdk,
        create: (client) => create(client, format),
        signal,
        clock,
        connectTimeoutMs,
        socket,
      }),
    loggedRetry(options, { provider: NAME, signal, what: "connecting" }),
  );
}
