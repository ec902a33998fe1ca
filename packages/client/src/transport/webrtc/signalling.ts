import { abortedError } from "../../abort.ts";
import { VoiceClientError } from "../../errors.ts";
import { foreignServer, statusError } from "../config.ts";
import { connectionLabel } from "../label.ts";
import { refusal } from "../server-messages.ts";
import { bearerHeaders, endpoint, type TransportContext } from "../transport.ts";

type SignalContext = Pick<TransportContext, "url" | "query" | "token" | "audio" | "resume" | "client">;

/** The HTTP side of one peer connection: its offer, and the candidates that are found after it. */
export class Signalling {
  readonly #context: SignalContext;
  readonly #id = connectionLabel();
  readonly #abort = new AbortController();

  constructor(context: SignalContext) {
    this.#context = context;
  }

  /** @returns the answer's SDP. @throws VoiceClientError `connection_failed`, `unauthorized`, ..., or the server's code. */
  async offer(sdp: string): Promise<string> {
    const { audio, resume, client, url } = this.#context;
    let body: unknown;
    let ending = false;
    try {
      const response = await this.#post({
        type: "offer",
        sdp,
        protocol: 1,
        audio,
        client,
        resume,
      });
      body = await response.json().catch(() => undefined);
      const refused = statusError(response.status, body, url);
      // A server that ends or is busy may say so in another way.
      ending = response.status === 503;
      if (refused && !(ending && refused.code === "limit_reached")) throw refused;
      if (body === undefined && !ending) throw foreignServer(url);
    } catch (cause) {
      if (this.#abort.signal.aborted) throw abortedError(this.#abort.signal);
      if (cause instanceof VoiceClientError) throw cause;
      throw new VoiceClientError("connection_failed", `${url.host} cannot be reached`, { retryable: true, cause });
    }
    const answer = (body ?? {}) as {
      type?: unknown;
      sdp?: unknown;
      status?: unknown;
      meta?: { error?: unknown } | undefined;
    };
    if (answer.type === "answer" && typeof answer.sdp === "string") return answer.sdp;
    const error = answer.status === "failed" ? answer.meta?.error : undefined;
    if (typeof error === "string") throw refusal(error, `the server refused the call: ${error}`, ending);
    if (ending) throw new VoiceClientError("limit_reached", "the server answered 503", { retryable: true });
    throw new VoiceClientError("protocol_error", "the server's answer to the offer was not understood");
  }

  /** Tells the server of an address of this device. One that gets lost is no reason to give up: there are others. */
  candidate({ candidate, sdpMid, sdpMLineIndex }: RTCIceCandidateInit): void {
    const fields = {
      candidate: candidate ?? "",
      sdpMid: sdpMid ?? undefined,
      sdpMLineIndex: sdpMLineIndex ?? undefined,
    };
    // An answer nobody reads keeps its connection, and a browser has six of them for a host.
    this.#post({ type: "ice-candidate", candidate: fields })
      .then((response) => response.text())
      .catch(() => {});
  }

  /** Gives up what is under way. */
  close(): void {
    this.#abort.abort(new VoiceClientError("aborted", "the connection was closed"));
  }

  #post(body: object): Promise<Response> {
    const headers = { ...bearerHeaders(this.#context.token), "content-type": "application/json" };
    return fetch(endpoint(this.#context, "/webrtc/offer"), {
      method: "POST",
      headers,
      body: JSON.stringify({ ...body, webrtc_id: this.#id }),
      signal: this.#abort.signal,
    });
  }
}
