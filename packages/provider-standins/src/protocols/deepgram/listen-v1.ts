import { type Cancel, type Clock, systemClock } from "@roomkit/core";
import { checkAgainst } from "../../schemas/validator.ts";
import type { SocketRoute } from "../../server/route.ts";
import type { StandInRequest } from "../../server/route-base.ts";
import type { SocketExchange } from "../../server/socket-exchange.ts";
import {
  ANY,
  deepgramErrorBody,
  encodingProblem,
  FLAG,
  NET_0001,
  type Parameter,
  queryProblem,
  REQUEST_ID,
  WHOLE,
} from "./deepgram-query.ts";
import { type HeardWord, Recogniser } from "./recogniser.ts";

export interface DeepgramListenOptions {
  /** Silence of the connection (no audio, no KeepAlive) after which it is closed, ms. Default 10,000. */
  readonly idleMs?: number | undefined;
  /** Time for that. Default: the system's. */
  readonly clock?: Clock | undefined;
  /** A final comes after so many words at the latest. Default 3. */
  readonly wordsPerFinal?: number | undefined;
  /** How it closes after CloseStream; 1005 is no code. Default 1000. */
  readonly closeCode?: 1000 | 1005 | undefined;
  /** Finals answer Finalize as well. Default true; real servers leave it out when there is nothing. */
  readonly answersFinalize?: boolean | undefined;
}

const SDK = { sdk: "@deepgram/sdk", file: "dist/esm/api/resources/listen/resources/v1/client/Socket.d.mts" };

/** The query of `/v1/listen` as a WebSocket. */
const PARAMETERS: Readonly<Record<string, Parameter>> = {
  callback: ANY,
  callback_method: ["POST", "GET", "PUT", "DELETE"],
  channels: WHOLE,
  detect_entities: FLAG,
  diarize: FLAG,
  diarize_model: ANY,
  dictation: FLAG,
  encoding: ANY,
  endpointing: /^(\d+|false)$/,
  extra: /^[^:]+:/,
  filler_words: FLAG,
  interim_results: FLAG,
  keyterm: ANY,
  keywords: ANY,
  language: /^([a-z]{2,3}(-[A-Za-z0-9]+)*|multi)$/,
  mip_opt_out: FLAG,
  model: ANY,
  multichannel: FLAG,
  no_delay: FLAG,
  numerals: FLAG,
  profanity_filter: FLAG,
  punctuate: FLAG,
  redact: ["true", "false", "pci", "numbers", "aggressive_numbers", "ssn"],
  replace: ANY,
  sample_rate: WHOLE,
  search: ANY,
  smart_format: FLAG,
  tag: ANY,
  utterance_end_ms: WHOLE,
  vad_events: FLAG,
  version: ANY,
};

/** `/v1/listen`: live transcription. It hears what `audioOfText` said. */
export function deepgramListenV1(options: DeepgramListenOptions = {}): SocketRoute {
  const checkOut = checkAgainst({ ...SDK, type: "V1Socket.Response" }, { by: "type" });
  return {
    kind: "socket",
    name: "deepgram.listen.v1",
    path: /^\/v1\/listen$/,
    prepare: () => checkOut.load(),
    errorBody: deepgramErrorBody,
    unknownFrame: { type: "Prophecy", text: "soon" },
    errorFrame: { type: "Error", description: "made up", message: "made up", variant: "INTERNAL_SERVER_ERROR" },
    checkOut,
    checkIn: (frame) =>
      ["KeepAlive", "Finalize", "CloseStream"].includes(String((frame as { type?: unknown }).type)) &&
      Object.keys(frame as object).length === 1
        ? undefined
        : `no message of a client: ${JSON.stringify(frame)}`,
    checkRequest,
    connect: (exchange) => void new Listening(exchange, options),
  };
}

function checkRequest(request: StandInRequest): string | undefined {
  const query = request.url.searchParams;
  const problem = queryProblem(request, PARAMETERS) ?? encodingProblem(request);
  if (problem) return problem;
  if (!query.get("model")) return "model is required";
  const utteranceEnd = query.get("utterance_end_ms");
  if (utteranceEnd !== null && Number(utteranceEnd) < 1_000) return "utterance_end_ms: 1,000 or more";
  if (utteranceEnd !== null && query.get("interim_results") !== "true") return "utterance_end_ms needs interim_results";
  return undefined;
}

/** One connection. */
class Listening {
  readonly #exchange: SocketExchange;
  readonly #options: DeepgramListenOptions;
  readonly #query: URLSearchParams;
  readonly #recogniser: Recogniser;
  /** Words of the segment that is not final yet. */
  #words: HeardWord[] = [];
  #startMs = 0;
  /** There were words since the last `speech_final`. */
  #speech = false;
  #utteranceOpen = false;
  #lastWordEndMs = 0;
  #closing = false;
  #cancelIdle: Cancel = () => {};

  constructor(exchange: SocketExchange, options: DeepgramListenOptions) {
    this.#exchange = exchange;
    this.#options = options;
    this.#query = exchange.request.url.searchParams;
    this.#recogniser = new Recogniser(
      { sampleRate: Number(this.#query.get("sample_rate")), channels: Number(this.#query.get("channels") ?? 1) },
      {
        onSpeech: (atMs) => {
          if (this.#flag("vad_events"))
            exchange.send({ type: "SpeechStarted", channel: [0, 1], timestamp: atMs / 1000 });
        },
        onWord: (word) => this.#heard(word),
        onSilence: (ms, atMs) => this.#silent(ms, atMs),
      },
    );
    exchange.onBinary = (bytes) => this.#audio(bytes);
    exchange.onJson = (frame) => this.#control((frame as { type?: string | undefined }).type);
    exchange.signal.addEventListener("abort", () => this.#cancelIdle());
    this.#arm();
  }

  #flag(name: string): boolean {
    return this.#query.get(name) === "true";
  }

  #arm(): void {
    const { idleMs = 10_000, clock = systemClock } = this.#options;
    this.#cancelIdle();
    if (this.#closing || this.#exchange.signal.aborted) return;
    this.#cancelIdle = clock.setTimeout(() => this.#exchange.close(1011, NET_0001), idleMs);
  }

  #audio(bytes: Buffer): void {
    this.#arm();
    // An empty binary message ends the stream, as CloseStream does.
    if (bytes.length === 0) this.#control("CloseStream");
    else if (!this.#closing) this.#recogniser.push(bytes);
  }

  #control(type: string | undefined): void {
    this.#arm();
    if (this.#closing) return;
    if (type === "Finalize") {
      this.#recogniser.flush();
      const { answersFinalize = true } = this.#options;
      if (answersFinalize || this.#words.length > 0) this.#result({ is_final: true, from_finalize: true });
    } else if (type === "CloseStream") {
      this.#closing = true;
      this.#cancelIdle();
      this.#recogniser.flush();
      if (this.#words.length > 0) this.#result({ is_final: true });
      this.#exchange.send({
        type: "Metadata",
        transaction_key: "deprecated",
        request_id: REQUEST_ID,
        sha256: "0".repeat(64),
        created: "2026-01-01T00:00:00.000Z",
        duration: this.#recogniser.audioMs / 1000,
        channels: 1,
      });
      const { closeCode = 1000 } = this.#options;
      this.#exchange.close(closeCode === 1005 ? undefined : closeCode);
    }
  }

  #heard(word: HeardWord): void {
    if (this.#words.length === 0) this.#startMs = word.startMs;
    this.#words.push(word);
    this.#speech = true;
    this.#utteranceOpen = true;
    this.#lastWordEndMs = word.endMs;
    const { wordsPerFinal = 3 } = this.#options;
    if (this.#words.length >= wordsPerFinal) this.#result({ is_final: true });
    else if (this.#flag("interim_results")) this.#result({});
  }

  #silent(ms: number, atMs: number): void {
    const endpointing = this.#query.get("endpointing") ?? "10";
    if (endpointing !== "false" && ms >= Number(endpointing) && this.#speech) {
      this.#result({ is_final: true, speech_final: true });
      this.#speech = false;
    }
    const utteranceEnd = this.#query.get("utterance_end_ms");
    if (utteranceEnd && this.#utteranceOpen && atMs - this.#lastWordEndMs >= Number(utteranceEnd)) {
      this.#utteranceOpen = false;
      // It looks at words, finals or not; the audio behind them is settled by now.
      if (this.#words.length > 0) this.#result({ is_final: true });
      this.#exchange.send({ type: "UtteranceEnd", channel: [0, 1], last_word_end: this.#lastWordEndMs / 1000 });
    }
  }

  #result(kind: {
    is_final?: boolean | undefined;
    speech_final?: boolean | undefined;
    from_finalize?: boolean | undefined;
  }): void {
    const words = this.#words;
    if (kind.is_final) this.#words = [];
    const language = this.#query.get("language") === "multi" ? { languages: ["en"] } : {};
    this.#exchange.send({
      type: "Results",
      channel_index: [0, 1],
      duration: (this.#recogniser.audioMs - this.#startMs) / 1000,
      start: this.#startMs / 1000,
      is_final: false,
      speech_final: false,
      from_finalize: false,
      ...kind,
      channel: {
        alternatives: [
          {
            transcript: words.map(({ text }) => text).join(" "),
            confidence: words.length > 0 ? 0.98 : 0,
            ...language,
            words: words.map(({ text, startMs, endMs }) => ({
              word: text.toLowerCase().replace(/[.,!?]$/, ""),
              start: startMs / 1000,
              end: endMs / 1000,
              confidence: 0.98,
              punctuated_word: text,
            })),
          },
        ],
      },
      metadata: {
        request_id: REQUEST_ID,
        model_info: { name: "general-nova-3", version: "2025-07-31.0", arch: "nova-3" },
        model_uuid: "2187e11a-3532-4498-b076-81fa530bdd49",
      },
    });
  }
}
