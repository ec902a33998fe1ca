import {
  type AudioCodecName,
  type ClientMessage,
  decodeAudioFrame,
  defaultLimits,
  encodeAudioFrame,
  parseServerMessage,
  pcm16ToSamples,
  type ReadyMessage,
  samplesToPcm16,
  serializeClientMessage,
  type V1ServerMessage,
} from "@roomkit/protocol";
import { abortedError } from "../abort.ts";
import { decodeMulaw, encodeMulaw } from "../audio/mulaw.ts";
import { VoiceClientError } from "../errors.ts";
import { closeError, describeClose } from "./close-reason.ts";
import { diagnose } from "./diagnose.ts";
import { bearerProtocols, endpoint, type Transport, type TransportContext } from "./transport.ts";

/** Microphone audio that may wait in the socket, ms; what is more is dropped, because late speech helps nobody. */
const MAX_WAITING_MS = 1_000;

/** Audio and messages over one WebSocket, protocol v1. */
export class WebSocketTransport implements Transport {
  readonly name = "websocket";
  readonly media = "frames";
  readonly #context: TransportContext;
  #socket: WebSocket | undefined;
  #ready: ReadyMessage | undefined;

  constructor(context: TransportContext) {
    this.#context = context;
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
      const onAbort = (): void => fail(abortedError(signal));
      signal.addEventListener("abort", onAbort, { once: true });
      socket.onopen = () => {
        opened = true;
        this.#write(this.#start());
      };
      socket.onclose = (event) => {
        if (opened) return fail(closeError(describeClose(event)));
        void diagnose(context).then(fail);
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

  send(message: ClientMessage): void {
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

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#ready = undefined;
    if (socket === undefined) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  #start(): ClientMessage {
    const { audio, resume, client } = this.#context;
    const label = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0"));
    return {
      event: "start",
      protocol: 1,
      websocket_id: label.join(""),
      audio,
      client,
      ...(resume === undefined ? {} : { resume }),
    };
  }

  #listen(socket: WebSocket, { audio, limits }: ReadyMessage): void {
    const { handlers } = this.#context;
    const messageLimits = { ...defaultLimits, maxMessageBytes: Math.max(limits.maxMessageBytes, 65_536) };
    socket.onclose = (event) => {
      this.close();
      handlers.onClose(describeClose(event));
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === "string") {
        const result = parseServerMessage(data, messageLimits);
        // What a newer server says and this version does not know is no error.
        if (result.ok && isV1(result.message)) handlers.onMessage(result.message);
        return;
      }
      const result = decodeAudioFrame(new Uint8Array(data), messageLimits);
      if (!result.ok) return;
      const { utterance, offset, end } = result.frame;
      const samples = decode(audio.receive.codec, result.frame.audio);
      if (samples) handlers.onAudio({ utterance, offset, end, samples });
    };
  }

  #write(message: ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(serializeClientMessage(message));
  }
}

function open(address: URL, protocols: string[]): WebSocket {
  try {
    return new WebSocket(address, protocols);
  } catch (cause) {
    // Only so many characters may stand in a subprotocol.
    throw new VoiceClientError("invalid_option", "the token cannot be a subprotocol; see tokenIn", { cause });
  }
}

/** Refusals that another attempt may not meet, whatever the server says of itself. */
const BUSY = /limit|busy|draining/;

/** What the server says to `start`: `ready`, a refusal, or something else that can wait. */
function readAnswer(text: string): ReadyMessage | VoiceClientError | undefined {
  const result = parseServerMessage(text);
  if (!result.ok) {
    if (result.code === "unknown_event") return undefined;
    return new VoiceClientError("protocol_error", `the server's answer was not understood: ${result.message}`);
  }
  const { message } = result;
  if ("status" in message) {
    const { error } = message.meta;
    return new VoiceClientError(error, `the server refused the call: ${error}`, { retryable: BUSY.test(error) });
  }
  if ("type" in message && message.type === "error") {
    const retryable = message.retryable || BUSY.test(message.code);
    return new VoiceClientError(message.code, message.message, { retryable });
  }
  return "event" in message && message.event === "ready" ? message : undefined;
}

const compatTypes = new Set(["transcription", "clear_audio", "speaking"]);

function isV1(message: {
  readonly event?: string;
  readonly type?: string;
  readonly status?: string;
}): message is V1ServerMessage {
  return message.event === "ready" || (message.type !== undefined && !compatTypes.has(message.type));
}

function encode(codec: AudioCodecName, samples: Int16Array): Uint8Array {
  return codec === "mulaw" ? encodeMulaw(samples) : samplesToPcm16(samples);
}

function decode(codec: AudioCodecName, bytes: Uint8Array): Int16Array | undefined {
  return codec === "mulaw" ? decodeMulaw(bytes) : pcm16ToSamples(bytes);
}
