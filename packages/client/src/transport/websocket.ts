import {
  type AudioCodecName,
  encodeAudioFrame,
  type ReadyMessage,
  samplesToPcm16,
  serializeV1ClientMessage,
  type V1ClientMessage,
} from "@roomkit/protocol";
import { abortedError } from "../abort.ts";
import { insecureUrl } from "../address.ts";
import { encodeMulaw } from "../audio/mulaw.ts";
import { VoiceClientError } from "../errors.ts";
import { closeError, describeClose } from "./close-reason.ts";
import { serverGone } from "./config.ts";
import { diagnose } from "./diagnose.ts";
import { connectionLabel } from "./label.ts";
import { MessageReader, readAnswer } from "./server-messages.ts";
import { bearerProtocols, endpoint, type Transport, type TransportContext } from "./transport.ts";

/** Microphone audio that may wait in the socket, ms; what is more is dropped, because late speech helps nobody. */
const MAX_WAITING_MS = 1_000;

/** A connection given up that the call comes back from: a server that only stood still must not take it for the end. */
const ABANDONED = 4000;

/** Audio and messages over one WebSocket, protocol v1. */
export class WebSocketTransport implements Transport {
  readonly name = "websocket";
  readonly media = "frames";
  readonly #context: TransportContext;
  #socket: WebSocket | undefined;
  readonly #startWhen: Promise<void> | undefined;
  #ready: ReadyMessage | undefined;
  #stopped = false;

  /** @param startWhen the socket is opened at once, and a session asked for no sooner than this. */
  constructor(context: TransportContext, startWhen?: Promise<void>) {
    this.#context = context;
    this.#startWhen = startWhen;
  }

  connect(signal: AbortSignal): Promise<ReadyMessage> {
    const context = this.#context;
    if (signal.aborted) return Promise.reject(abortedError(signal));
    const address = endpoint(context, "/websocket/offer");
    address.protocol = address.protocol.replace("http", "ws");
    return new Promise((resolve, reject) => {
      const socket = open(address, bearerProtocols(context.token));
      socket.binaryType = "arraybuffer";
      this.#socket = socket;
      let opened = false;
      const fail = (error: VoiceClientError): void => {
        signal.removeEventListener("abort", onAbort);
        this.close();
        reject(error);
      };
      const onAbort = (): void => {
        const error = abortedError(signal);
        // Called off: nobody comes back to a session whose `ready` may be on its way.
        this.#stopped = error.code === "aborted";
        fail(error);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      socket.onopen = () => {
        opened = true;
        if (this.#startWhen !== undefined) void this.#startWhen.then(() => this.#write(this.#start()));
        else this.#write(this.#start());
      };
      socket.onclose = (event) => {
        if (opened) return fail(closeError(describeClose(event)));
        void diagnose(context, signal).then(fail);
      };
      socket.onmessage = ({ data }) => {
        const answer = typeof data === "string" ? readAnswer(data) : undefined;
        if (answer instanceof VoiceClientError) return fail(answer);
        if (answer === undefined) return;
        signal.removeEventListener("abort", onAbort);
        this.#ready = answer;
        this.#listen(socket, answer);
        resolve(answer);
      };
    });
  }

  send(message: V1ClientMessage): void {
    this.#stopped ||= message.event === "stop";
    if (this.#ready) this.#write(message);
  }

  sendAudio(offset: number, samples: Int16Array): boolean {
    const socket = this.#socket;
    const spec = this.#ready?.audio.send;
    if (spec === undefined || socket?.readyState !== WebSocket.OPEN) return false;
    const bytesPerMs = (spec.sampleRate * (spec.codec === "mulaw" ? 1 : 2)) / 1000;
    if (socket.bufferedAmount > bytesPerMs * MAX_WAITING_MS) return false;
    const audio = encode(spec.codec, samples);
    socket.send(encodeAudioFrame({ utterance: 0, offset: offset >>> 0, end: false, audio }));
    return true;
  }

  serverGone(): Promise<boolean> {
    return serverGone(this.#context);
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#ready = undefined;
    if (socket === undefined) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(this.#stopped ? 1000 : ABANDONED);
  }

  #start(): V1ClientMessage {
    const { audio, resume, client } = this.#context;
    return {
      event: "start",
      protocol: 1,
      websocket_id: connectionLabel(),
      audio,
      client,
      resume,
    };
  }

  #listen(socket: WebSocket, ready: ReadyMessage): void {
    const { handlers } = this.#context;
    const reader = new MessageReader(ready);
    socket.onclose = (event) => {
      this.close();
      handlers.onClose(describeClose(event));
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === "string") {
        const message = reader.message(data);
        if (message) handlers.onMessage(message);
      } else {
        const audio = reader.audio(data);
        if (audio) handlers.onAudio(audio);
      }
    };
  }

  #write(message: V1ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(serializeV1ClientMessage(message));
  }
}

function open(address: URL, protocols: string[]): WebSocket {
  try {
    return new WebSocket(address, protocols);
  } catch (cause) {
    // An unencrypted address, where the page is not, is the other thing that is refused at once.
    if (cause instanceof DOMException && cause.name === "SecurityError") throw insecureUrl(address, cause);
    // Only so many characters may stand in a subprotocol.
    throw new VoiceClientError("invalid_option", "the token cannot be a subprotocol; see tokenIn", { cause });
  }
}

function encode(codec: AudioCodecName, samples: Int16Array): Uint8Array {
  return codec === "mulaw" ? encodeMulaw(samples) : samplesToPcm16(samples);
}
