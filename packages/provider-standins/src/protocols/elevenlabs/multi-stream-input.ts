import { type Cancel, type Clock, systemClock } from "@roomkit/core";
import type { SocketRoute } from "../../server/route.ts";
import type { SocketExchange } from "../../server/socket-exchange.ts";
import { misfit } from "./serialization.ts";
import {
  type ElevenLabsSocketOptions,
  ERROR_FRAME,
  PARAMETERS,
  SCHEDULE,
  timeoutProblem,
  UNKNOWN_FRAME,
} from "./stream-input.ts";
import { elevenlabsErrorBody, rateOf, spokenMessages, voiceProblem } from "./voice.ts";

export interface ElevenLabsMultiOptions extends ElevenLabsSocketOptions {
  /** How long after `close_context` the last message of a context comes, ms. Default 0. */
  readonly finalDelayMs?: number | undefined;
}

const MAX_CONTEXTS = 5;

/** `/v1/text-to-speech/{voice}/multi-stream-input`: several utterances over one connection. It speaks as `audioOfText`. */
export function elevenlabsMultiStreamInput(options: ElevenLabsMultiOptions = {}): SocketRoute {
  return {
    kind: "socket",
    name: "elevenlabs.multi-stream-input",
    path: /^\/v1\/text-to-speech\/[\w-]+\/multi-stream-input$/,
    errorBody: elevenlabsErrorBody,
    unknownFrame: UNKNOWN_FRAME,
    errorFrame: ERROR_FRAME,
    checkRequest: (request) => voiceProblem(request, PARAMETERS) ?? timeoutProblem(request.url.searchParams),
    checkIn: (frame) =>
      misfit(
        frame,
        "types/SendTextMulti",
        "types/InitializeConnectionMulti",
        "types/CloseContext",
        "types/FlushContext",
        "types/CloseSocket",
      ),
    checkOut: (frame) =>
      "error" in (frame as object)
        ? undefined
        : misfit(withoutFlag(frame), "types/AudioOutputMulti", "types/FinalOutputMulti"),
    connect: (exchange) => void new Contexts(exchange, options),
  };
}

function withoutFlag(frame: unknown): unknown {
  const { isFinal, ...audio } = frame as { isFinal?: unknown };
  return isFinal ? frame : audio;
}

interface ClientMessage {
  readonly text?: string | undefined;
  readonly context_id?: string | undefined;
  readonly flush?: boolean | undefined;
  readonly close_context?: boolean | undefined;
  readonly close_socket?: boolean | undefined;
}

interface Context {
  buffered: string;
  closing: boolean;
  cancel: Cancel;
}

class Contexts {
  readonly #exchange: SocketExchange;
  readonly #options: ElevenLabsMultiOptions;
  readonly #clock: Clock;
  readonly #contexts = new Map<string, Context>();
  #ended = false;
  #cancel: Cancel = () => {};

  constructor(exchange: SocketExchange, options: ElevenLabsMultiOptions) {
    this.#exchange = exchange;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    exchange.onJson = (frame) => this.#read(frame as ClientMessage);
    exchange.signal.addEventListener("abort", () => this.#stop());
    this.#arm();
  }

  #arm(): void {
    const seconds = Number(this.#exchange.request.url.searchParams.get("inactivity_timeout") ?? 20);
    this.#cancel();
    if (this.#ended || this.#exchange.signal.aborted) return;
    this.#cancel = this.#clock.setTimeout(
      () => this.#fail("input_timeout_exceeded", `no input for ${seconds} s`),
      seconds * 1000,
    );
  }

  #read(message: ClientMessage): void {
    this.#arm();
    if (this.#ended) return;
    if (message.close_socket) {
      this.#end(1000);
      return;
    }
    const { context_id: id = "default", text = "", flush, close_context } = message;
    let context = this.#contexts.get(id);
    if (!context) {
      // Whatever names a context makes one, a flush too; only the end of one that is gone does not.
      if (close_context) return;
      if (this.#contexts.size >= MAX_CONTEXTS) {
        this.#fail("max_active_conversations", `Maximum simultaneous contexts exceeded (${MAX_CONTEXTS})`);
        return;
      }
      context = { buffered: "", closing: false, cancel: () => {} };
      this.#contexts.set(id, context);
    }
    if (context.closing) return;
    if (text !== " ") context.buffered += text;
    if (flush || close_context || context.buffered.length >= SCHEDULE) this.#speak(id, context);
    if (close_context) this.#close(id, context);
  }

  #speak(contextId: string, context: Context): void {
    const { request } = this.#exchange;
    const aligned = request.url.searchParams.get("sync_alignment") === "true";
    for (const message of spokenMessages(context.buffered, rateOf(request), aligned)) {
      this.#exchange.send({ ...message, contextId });
    }
    context.buffered = "";
  }

  #close(contextId: string, context: Context): void {
    context.closing = true;
    const finish = (): void => {
      this.#contexts.delete(contextId);
      this.#exchange.send({ isFinal: true, contextId });
    };
    const { finalDelayMs = 0 } = this.#options;
    if (finalDelayMs === 0) finish();
    else context.cancel = this.#clock.setTimeout(finish, finalDelayMs);
  }

  #fail(error: string, message: string): void {
    this.#exchange.send({ message, error, code: 1008 });
    this.#end(1008, message);
  }

  #end(code: number, reason?: string): void {
    this.#ended = true;
    this.#stop();
    this.#exchange.close(code, reason);
  }

  #stop(): void {
    this.#cancel();
    for (const context of this.#contexts.values()) context.cancel();
  }
}
