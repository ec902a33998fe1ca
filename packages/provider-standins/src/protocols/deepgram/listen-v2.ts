import { checkAgainst } from "../../schemas/validator.ts";
import type { SocketRoute } from "../../server/route.ts";
import type { StandInRequest } from "../../server/route-base.ts";
import type { SocketExchange } from "../../server/socket-exchange.ts";
import {
  ANY,
  deepgramErrorBody,
  encodingProblem,
  FLAG,
  type Parameter,
  queryProblem,
  REQUEST_ID,
  WHOLE,
} from "./deepgram-query.ts";
import { type HeardWord, Recogniser } from "./recogniser.ts";

export interface DeepgramFluxOptions {
  /** Silence after which it is fairly sure that the turn ended, ms. Default 100. */
  readonly eagerMs?: number | undefined;
  /** Silence after which it is sure, ms. Default 400. */
  readonly endMs?: number | undefined;
}

const SDK = { sdk: "@deepgram/sdk", file: "dist/esm/api/resources/listen/resources/v2/client/Socket.d.mts" };

const PARAMETERS: Readonly<Record<string, Parameter>> = {
  eager_eot_threshold: /^0\.[3-9]\d*$/,
  encoding: ANY,
  eot_threshold: /^(0\.[5-9]\d*|1(\.0*)?)$/,
  eot_timeout_ms: WHOLE,
  keyterm: ANY,
  language_hint: /^[a-z]{2,3}$/,
  mip_opt_out: FLAG,
  model: ["flux-general-en", "flux-general-multi"],
  numerals: FLAG,
  profanity_filter: FLAG,
  redact: ["numbers", "aggressive_numbers"],
  sample_rate: WHOLE,
  tag: ANY,
};

/** `/v2/listen`: Flux, which finds turns. It hears what `audioOfText` said. */
export function deepgramListenV2(options: DeepgramFluxOptions = {}): SocketRoute {
  const checkOut = checkAgainst({ ...SDK, type: "V2Socket.Response" }, { by: "type" });
  return {
    kind: "socket",
    name: "deepgram.listen.v2",
    path: /^\/v2\/listen$/,
    prepare: () => checkOut.load(),
    errorBody: deepgramErrorBody,
    unknownFrame: { type: "Prophecy", sequence_id: 99, text: "soon" },
    errorFrame: { type: "Error", sequence_id: 9, code: "INTERNAL_SERVER_ERROR", description: "made up" },
    checkOut,
    checkIn: (frame) =>
      ["CloseStream", "Configure"].includes(String((frame as { type?: unknown }).type))
        ? undefined
        : `no message of a client: ${JSON.stringify(frame)}`,
    checkRequest,
    connect: (exchange) => void new Turns(exchange, options),
  };
}

function checkRequest(request: StandInRequest): string | undefined {
  const query = request.url.searchParams;
  const problem = queryProblem(request, PARAMETERS) ?? encodingProblem(request);
  if (problem) return problem;
  if (!query.get("model")) return "model is required";
  const timeout = Number(query.get("eot_timeout_ms") ?? 5_000);
  if (timeout < 500 || timeout > 60_000) return "eot_timeout_ms: 500 to 60,000";
  if (query.has("language_hint") && query.get("model") !== "flux-general-multi")
    return "language_hint is for flux-general-multi only";
  return undefined;
}

/** One connection: the turns of one speaker. */
class Turns {
  readonly #exchange: SocketExchange;
  readonly #options: DeepgramFluxOptions;
  readonly #query: URLSearchParams;
  readonly #recogniser: Recogniser;
  #sequence = 0;
  #turn = 0;
  #words: HeardWord[] = [];
  #windowStartMs = 0;
  #state: "waiting" | "speaking" | "eager" = "waiting";
  /** Words that no message has told of. */
  #untold = 0;

  constructor(exchange: SocketExchange, options: DeepgramFluxOptions) {
    this.#exchange = exchange;
    this.#options = options;
    this.#query = exchange.request.url.searchParams;
    this.#recogniser = new Recogniser(
      { sampleRate: Number(this.#query.get("sample_rate")), channels: 1 },
      { onWord: (word) => this.#heard(word), onSilence: (ms) => this.#silent(ms) },
    );
    exchange.onBinary = (bytes) => this.#recogniser.push(bytes);
    exchange.onJson = (frame) => this.#control(frame as { type?: string | undefined; thresholds?: object | undefined });
    this.#send({ type: "Connected" });
  }

  #send(message: object): void {
    this.#exchange.send({ ...message, request_id: REQUEST_ID, sequence_id: this.#sequence++ });
  }

  #control({ type, thresholds = {} }: { type?: string | undefined; thresholds?: object | undefined }): void {
    if (type === "Configure") {
      this.#send({ type: "ConfigureSuccess", thresholds, keyterms: [] });
    } else if (type === "CloseStream") {
      this.#recogniser.flush();
      if (this.#untold > 0) this.#turnInfo("Update", 0.4);
      // No EndOfTurn, no Metadata, and no close code.
      this.#exchange.close();
    } else {
      const code = "UNPARSABLE_CLIENT_MESSAGE";
      this.#exchange.send({ type: "Error", sequence_id: this.#sequence++, code, description: "unknown message" });
      this.#exchange.close(1008, code);
    }
  }

  #heard(word: HeardWord): void {
    this.#words.push(word);
    this.#untold++;
    if (this.#state === "waiting") this.#turnInfo("StartOfTurn", 0.1);
    else if (this.#state === "eager") this.#turnInfo("TurnResumed", 0.1);
    // Every second word is only told of with the next.
    else if (this.#untold > 1) this.#turnInfo("Update", 0.2);
    this.#state = "speaking";
  }

  #silent(ms: number): void {
    const { eagerMs = 100, endMs = 400 } = this.#options;
    if (this.#state === "speaking" && ms >= eagerMs && ms < endMs && this.#query.has("eager_eot_threshold")) {
      this.#state = "eager";
      this.#turnInfo("EagerEndOfTurn", 0.6);
    }
    if (this.#state !== "waiting" && ms >= endMs) {
      this.#state = "waiting";
      this.#turnInfo("EndOfTurn", 0.9, { trigger: "model" });
      this.#turn++;
      this.#words = [];
      this.#windowStartMs = this.#recogniser.audioMs;
    }
  }

  #turnInfo(event: string, confidence: number, more: object = {}): void {
    this.#untold = 0;
    const hints = this.#query.getAll("language_hint");
    this.#send({
      type: "TurnInfo",
      event,
      turn_index: this.#turn,
      audio_window_start: this.#windowStartMs / 1000,
      audio_window_end: this.#recogniser.audioMs / 1000,
      transcript: this.#words.map(({ text }) => text).join(" "),
      words: this.#words.map(({ text }) => ({ word: text, confidence: 0.9 })),
      end_of_turn_confidence: confidence,
      ...(this.#query.get("model") === "flux-general-multi" ? { languages: ["de"] } : {}),
      ...(hints.length > 0 ? { languages_hinted: hints } : {}),
      ...more,
    });
  }
}
