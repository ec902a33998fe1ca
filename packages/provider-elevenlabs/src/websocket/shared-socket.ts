import { type Cancel, type Clock, randomId } from "@roomkit/core";
import type { ManagedWebSocket } from "@roomkit/provider-utils";
import { Context, type ContextHost } from "./context.ts";
import { readMessage } from "./message.ts";

/** The vendor closes a WebSocket on which there is one more. */
const MAX_CONTEXTS = 5;
/** Longest wait for the vendor to say that a context is gone, ms. */
const LEAVE_MS = 5_000;

export interface SharedSocketOptions {
  readonly clock: Clock;
  readonly idleMs: number;
  /** It takes no new context any more. Called once. */
  readonly onRetired: () => void;
}

/** A WebSocket for several utterances (`multi-stream-input`). */
export class SharedSocket implements ContextHost {
  /** Settles with what ended it; undefined for a normal end. */
  readonly ended: Promise<unknown>;
  readonly #socket: ManagedWebSocket;
  readonly #options: SharedSocketOptions;
  /** All that the vendor counts, those that are being left included. */
  readonly #contexts = new Map<string, Context>();
  /** Those that are being left, and the end of our patience with each. */
  readonly #leaving = new Map<string, Cancel>();
  readonly #waiting = new Set<() => void>();
  #retired = false;
  #cancelIdle: Cancel = () => {};

  constructor(socket: ManagedWebSocket, options: SharedSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#armIdle();
    this.ended = this.#read();
  }

  /** It takes no new context. */
  get retired(): boolean {
    return this.#retired || !this.#socket.isOpen;
  }

  /** Nobody speaks over it. */
  get idle(): boolean {
    return this.#contexts.size === 0;
  }

  /** A context of its own for an utterance; undefined when all are taken. */
  take(opening: object): Context | undefined {
    if (this.retired || this.#contexts.size >= MAX_CONTEXTS) return undefined;
    this.#cancelIdle();
    const context = new Context(randomId("ctx"), this, opening);
    this.#contexts.set(context.id, context);
    return context;
  }

  /** Resolves when {@link take} may succeed, or the socket has retired. Returns what stops waiting. */
  whenFree(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  send(message: object): void {
    if (this.#socket.isOpen) this.#socket.send(JSON.stringify(message));
  }

  drain(signal: AbortSignal): Promise<void> {
    return this.#socket.drain(signal);
  }

  leave(context: Context): void {
    if (this.#contexts.get(context.id) !== context) return;
    if (!context.begun || !this.#socket.isOpen) {
      this.#gone(context.id);
      return;
    }
    this.send({ context_id: context.id, close_context: true });
    // Its place is only free once the vendor has said so. One that never says so would take it for good.
    const cancel = this.#options.clock.setTimeout(() => {
      this.#retire();
      this.#gone(context.id);
    }, LEAVE_MS);
    this.#leaving.set(context.id, cancel);
  }

  /** Ends it and what is said over it. Calling it again does nothing. */
  close(): void {
    this.#retire();
    for (const cancel of this.#leaving.values()) cancel();
    void this.#socket.close();
  }

  async #read(): Promise<unknown> {
    let failure: unknown;
    try {
      for await (const message of this.#socket) {
        const spoken = readMessage(message);
        const context = spoken.contextId === undefined ? undefined : this.#contexts.get(spoken.contextId);
        // An error that names nobody is everybody's.
        if (spoken.error && !context) throw spoken.error;
        if (!context) continue;
        if (spoken.error) context.ended(spoken.error);
        else await context.deliver(spoken);
        if (spoken.final) this.#gone(context.id);
      }
    } catch (error) {
      failure = error;
    }
    for (const context of this.#contexts.values()) context.ended(failure);
    for (const id of [...this.#contexts.keys()]) this.#gone(id);
    this.close();
    return failure;
  }

  /** The vendor does not count it any more. */
  #gone(id: string): void {
    if (!this.#contexts.delete(id)) return;
    this.#leaving.get(id)?.();
    this.#leaving.delete(id);
    if (this.#contexts.size === 0) {
      if (this.#retired) this.close();
      else this.#armIdle();
    }
    for (const wake of [...this.#waiting]) wake();
  }

  #armIdle(): void {
    this.#cancelIdle = this.#options.clock.setTimeout(() => this.close(), this.#options.idleMs);
  }

  #retire(): void {
    this.#cancelIdle();
    if (this.#retired) return;
    this.#retired = true;
    this.#options.onRetired();
    for (const wake of [...this.#waiting]) wake();
  }
}
