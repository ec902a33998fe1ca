import { type Cancel, type Clock, systemClock } from "@roomkit/core";
import type { SocketRoute } from "../../server/route.ts";
import type { SocketExchange } from "../../server/socket-exchange.ts";
import { misfit } from "./serialization.ts";
import { elevenlabsErrorBody, rateOf, spokenMessages, voiceProblem } from "./voice.ts";

export interface ElevenLabsSocketOptions {
  /** Time for what waits: inactivity, and finals that are late. Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** The query of both WebSockets. */
export const PARAMETERS: readonly string[] = [
  "apply_text_normalization",
  "auto_mode",
  "enable_logging",
  "enable_ssml_parsing",
  "inactivity_timeout",
  "language_code",
  "model_id",
  "output_format",
  "seed",
  "sync_alignment",
];
export const UNKNOWN_FRAME = { prophecy: "soon" };
export const ERROR_FRAME = { message: "made up", error: "internal_server_error", code: 1011 };
/** Text that is spoken without being asked for it. */
export const SCHEDULE = 120;

/** What is wrong with `inactivity_timeout`. */
export function timeoutProblem(query: URLSearchParams): string | undefined {
  const seconds = Number(query.get("inactivity_timeout") ?? 20);
  return seconds >= 1 && seconds <= 180 ? undefined : "inactivity_timeout: 1 to 180 s";
}

/** `/v1/text-to-speech/{voice}/stream-input`: text in, audio out, one utterance a connection. It speaks as `audioOfText`. */
export function elevenlabsStreamInput(options: ElevenLabsSocketOptions = {}): SocketRoute {
  return {
    kind: "socket",
    name: "elevenlabs.stream-input",
    path: /^\/v1\/text-to-speech\/[\w-]+\/stream-input$/,
    errorBody: elevenlabsErrorBody,
    unknownFrame: UNKNOWN_FRAME,
    errorFrame: ERROR_FRAME,
    checkRequest: (request) => voiceProblem(request, PARAMETERS) ?? timeoutProblem(request.url.searchParams),
    checkIn: (frame) => misfit(frame, "types/SendText", "types/InitializeConnection", "types/CloseConnection"),
    checkOut: (frame) =>
      "error" in (frame as object) ? undefined : misfit(withoutFlag(frame), "types/AudioOutput", "types/FinalOutput"),
    connect: (exchange) => void new Utterance(exchange, options),
  };
}

/** The SDK has two types for what is one message with `isFinal` null or true. */
function withoutFlag(frame: unknown): unknown {
  const { audio, ...rest } = frame as { audio?: unknown; isFinal?: unknown };
  return audio === null ? { isFinal: rest.isFinal } : frame;
}

interface ClientMessage {
  readonly text: string;
  readonly flush?: boolean | undefined;
}

class Utterance {
  readonly #exchange: SocketExchange;
  readonly #clock: Clock;
  #begun = false;
  #ended = false;
  #buffered = "";
  #cancel: Cancel = () => {};

  constructor(exchange: SocketExchange, { clock = systemClock }: ElevenLabsSocketOptions) {
    this.#exchange = exchange;
    this.#clock = clock;
    exchange.onJson = (frame) => this.#read(frame as ClientMessage);
    exchange.signal.addEventListener("abort", () => this.#cancel());
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

  #read({ text, flush }: ClientMessage): void {
    this.#arm();
    if (this.#ended) return;
    if (!this.#begun && text !== " ") {
      this.#fail("invalid_input_message", "the first message must be a single space");
      return;
    }
    this.#begun = true;
    if (text === "") {
      this.#speak();
      this.#exchange.send({ audio: null, isFinal: true, alignment: null, normalizedAlignment: null });
      this.#end(1000);
      return;
    }
    if (text !== " ") this.#buffered += text;
    if (flush || this.#buffered.length >= SCHEDULE) this.#speak();
  }

  #speak(): void {
    const { request } = this.#exchange;
    const aligned = request.url.searchParams.get("sync_alignment") === "true";
    for (const message of spokenMessages(this.#buffered, rateOf(request), aligned)) this.#exchange.send(message);
    this.#buffered = "";
  }

  #fail(error: string, message: string): void {
    this.#exchange.send({ message, error, code: 1008 });
    this.#end(1008, message);
  }

  #end(code: number, reason?: string): void {
    this.#ended = true;
    this.#cancel();
    this.#exchange.close(code, reason);
  }
}
