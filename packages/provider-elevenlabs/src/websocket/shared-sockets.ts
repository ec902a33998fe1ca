import { abortedError, RoomKitError, untilAborted } from "@roomkit/core";
import { incomplete } from "@roomkit/provider-utils";
import { NAME } from "../options.ts";
import type { SpeechChannel } from "../speech/channel.ts";
import type { Manner } from "../speech/manner.ts";
import type { Endpoint } from "./endpoint.ts";
import { SharedSocket } from "./shared-socket.ts";

/** Voices that are kept connected at the same time. */
const MAX_SOCKETS = 4;

interface Entry {
  readonly key: string;
  readonly opening: Promise<SharedSocket>;
}

/** The shared WebSockets of one provider: one for each voice and language, as both stand in the address. */
export class SharedSockets {
  readonly #endpoint: Endpoint;
  /** Those that take new contexts. */
  readonly #entries = new Map<string, Entry>();
  readonly #open = new Set<SharedSocket>();
  readonly #closed = new AbortController();

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /** WebSockets that are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Connects ahead of the first utterance. */
  async warmUp(manner: Manner, signal: AbortSignal | undefined): Promise<void> {
    const { opening } = this.#entry(manner);
    await (signal ? untilAborted(opening, signal) : opening);
  }

  /** A context for an utterance; waits while all of them are taken. @throws ProviderError; RoomKitError `aborted`, `closed`. */
  async acquire(manner: Manner, signal: AbortSignal): Promise<SpeechChannel> {
    for (;;) {
      if (signal.aborted) throw abortedError(signal);
      const before = this.#entries.get(keyOf(manner));
      const entry = this.#entry(manner);
      const socket = await untilAborted(entry.opening, signal);
      const context = socket.take(this.#endpoint.opening(manner));
      if (context) return context;
      if (!socket.retired) {
        await free(socket, signal);
        continue;
      }
      // It may take a while to close; the next one need not wait for that. But one that closes as soon as it is open has a reason.
      this.#forget(entry);
      if (entry !== before) throw (await untilAborted(socket.ended, signal)) ?? incomplete(NAME);
    }
  }

  /** Ends all of them. Calling it again does nothing. */
  close(): void {
    this.#closed.abort(new RoomKitError("closed", `the ${NAME} provider was closed`));
    for (const socket of [...this.#open]) socket.close();
  }

  #entry(manner: Manner): Entry {
    if (this.#closed.signal.aborted) throw abortedError(this.#closed.signal);
    const key = keyOf(manner);
    const known = this.#entries.get(key);
    if (known) return known;
    this.#makeRoom();
    const entry: Entry = { key, opening: this.#connect(manner, () => this.#forget(entry)) };
    this.#entries.set(key, entry);
    entry.opening.catch(() => this.#forget(entry));
    return entry;
  }

  async #connect(manner: Manner, forget: () => void): Promise<SharedSocket> {
    // Whoever asked for it first may have gone; others may use it.
    const connection = await this.#endpoint.open("multi-stream-input", manner, this.#closed.signal);
    if (this.#closed.signal.aborted) {
      void connection.close();
      throw abortedError(this.#closed.signal);
    }
    const { idleMs = 120_000 } = this.#endpoint.settings;
    const socket: SharedSocket = new SharedSocket(connection, {
      clock: this.#endpoint.clock,
      idleMs,
      onRetired: () => {
        this.#open.delete(socket);
        forget();
      },
    });
    this.#open.add(socket);
    return socket;
  }

  #forget(entry: Entry): void {
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
  }

  /** Voices that nobody uses now make way for one that somebody does. */
  #makeRoom(): void {
    for (const socket of [...this.#open]) {
      if (this.#open.size < MAX_SOCKETS) return;
      if (socket.idle) socket.close();
    }
  }
}

function keyOf({ voice, language = "" }: Manner): string {
  return `${voice} ${language}`;
}

/** Waits until the socket has a free place, or takes no more. */
function free(socket: SharedSocket, signal: AbortSignal): Promise<void> {
  let stop = (): void => {};
  const woken = new Promise<void>((resolve) => {
    stop = socket.whenFree(resolve);
  });
  return untilAborted(woken, signal).finally(() => stop());
}
