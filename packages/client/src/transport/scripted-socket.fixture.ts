import type { ClientMessage, ReadyMessage, ServerMessage } from "@roomkit/protocol";
import { encodeAudioFrame, parseClientMessage, serializeServerMessage } from "@roomkit/protocol";

/** The server's side of a {@link ScriptedSocket}. */
export interface SocketScript {
  /** Default: answers `start` with `ready` and `ping` with `pong`. */
  onMessage?(socket: ScriptedSocket, message: ClientMessage): void;
  onAudio?(socket: ScriptedSocket, bytes: Uint8Array): void;
  /** Refuse the upgrade, as an HTTP answer would. */
  refuse?: boolean | undefined;
}

export const ready: ReadyMessage = {
  event: "ready",
  protocol: 1,
  session: "session_1",
  resume: "token_1",
  resumed: false,
  audio: { send: { codec: "pcm16", sampleRate: 16_000 }, receive: { codec: "pcm16", sampleRate: 24_000 } },
  limits: { maxMessageBytes: 262_144, messagesPerSecond: 100, idleMs: 60_000, resumeMs: 30_000 },
};

/** A WebSocket whose server is a script in the same page: put it in the real one's place with {@link installSockets}. */
export class ScriptedSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  static sockets: ScriptedSocket[] = [];
  static script: SocketScript = {};

  readonly url: string;
  readonly protocols: readonly string[];
  binaryType = "blob";
  readyState = 0;
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  /** What the client sent, as messages; audio is left out. */
  readonly received: ClientMessage[] = [];
  readonly audio: Uint8Array[] = [];
  closedByClient = false;
  /** What the client closed it with. */
  closeCode: number | undefined;

  constructor(url: string | URL, protocols: string[]) {
    this.url = String(url);
    this.protocols = protocols;
    ScriptedSocket.sockets.push(this);
    queueMicrotask(() => {
      if (ScriptedSocket.script.refuse) this.closeFromServer(1006, "");
      else if (this.readyState === 0) {
        this.readyState = 1;
        this.onopen?.();
      }
    });
  }

  static get last(): ScriptedSocket {
    return ScriptedSocket.sockets.at(-1) as ScriptedSocket;
  }

  send(data: string | Uint8Array): void {
    if (typeof data !== "string") {
      this.audio.push(data.slice());
      ScriptedSocket.script.onAudio?.(this, data);
      return;
    }
    const result = parseClientMessage(data);
    if (!result.ok) throw new Error(`the client sent what a server refuses: ${result.message}`);
    this.received.push(result.message);
    if (ScriptedSocket.script.onMessage) ScriptedSocket.script.onMessage(this, result.message);
    else this.answer(result.message);
  }

  close(code?: number): void {
    this.closedByClient = true;
    this.closeCode = code;
    this.readyState = 3;
  }

  /** What a good-natured server answers. */
  answer(message: ClientMessage, how: Partial<ReadyMessage> = {}): void {
    if (message.event === "start") this.say({ ...ready, ...how, resumed: message.resume !== undefined });
    if (message.event === "ping") this.say({ type: "pong", t: message.t });
  }

  say(message: ServerMessage): void {
    this.sayRaw(serializeServerMessage(message));
  }

  sayRaw(data: string): void {
    queueMicrotask(() => this.onmessage?.({ data }));
  }

  speak(utterance: number, offset: number, samples: Int16Array, end = false): void {
    const audio = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    const { buffer } = encodeAudioFrame({ utterance, offset, end, audio });
    queueMicrotask(() => this.onmessage?.({ data: buffer }));
  }

  closeFromServer(code: number, reason: string): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}

/** Puts {@link ScriptedSocket} in place of WebSocket; returns what puts the real one back. */
export function installSockets(script: SocketScript = {}): () => void {
  const real = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  ScriptedSocket.sockets = [];
  ScriptedSocket.script = script;
  Object.defineProperty(globalThis, "WebSocket", { value: ScriptedSocket, configurable: true, writable: true });
  return () => {
    if (real) Object.defineProperty(globalThis, "WebSocket", real);
    else Reflect.deleteProperty(globalThis, "WebSocket");
  };
}
