import { createServer, type Server, type ServerOptions } from "node:http";
import type { AddressInfo } from "node:net";
import { mulaw } from "@roomkit/codec-mulaw";
import {
  type AudioFrame,
  type CloseReason,
  silentLogger,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import { parseServerMessage, type ServerMessage } from "@roomkit/protocol";
import type { SessionFactory } from "@roomkit/transport-utils";
import WebSocket, { type ClientOptions } from "ws";
import { WebSocketBackend } from "./backend.ts";
import { mountVoice } from "./mount/mount-voice.ts";
import type { MountVoiceOptions } from "./mount/options.ts";
import type { WebSocketBackendOptions } from "./options.ts";

export interface Rig {
  readonly server: Server;
  readonly backend: WebSocketBackend;
  readonly url: string;
  readonly http: string;
  /** Each session that became ready, with its connection. */
  readonly ready: { session: VoiceSession; connection: VoiceConnection; heard: AudioFrame[] }[];
  readonly ended: { session: VoiceSession; reason: CloseReason }[];
  factoryCalls: number;
  unmount(): void;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly backend?: WebSocketBackendOptions | undefined;
  readonly mount?: Partial<MountVoiceOptions> | undefined;
  readonly server?: ServerOptions | undefined;
  /** In place of just connecting. */
  readonly factory?:
    | ((connect: () => Promise<VoiceSession>, ...args: Parameters<SessionFactory>) => Promise<VoiceSession>)
    | undefined;
}

/** A real server on a free port of the loopback, with a session factory that just connects. */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const server = createServer(options.server ?? {});
  const backend = new WebSocketBackend({ codec: mulaw(), logger: silentLogger, ...options.backend });
  const ready: Rig["ready"] = [];
  const ended: Rig["ended"] = [];
  backend.onSessionReady((session, connection) => {
    const heard: AudioFrame[] = [];
    ready.push({ session, connection, heard });
    connection.onAudio((frame) => heard.push(frame));
  });
  backend.onSessionEnded((session, reason) => ended.push({ session, reason }));
  const unmount = mountVoice(server, backend, {
    ...(!options.mount?.auth && { allowAnonymous: true }),
    sessionFactory: (id, context) => {
      rig.factoryCalls++;
      const connect = (): Promise<VoiceSession> =>
        backend.connect("room", "browser-user", "voice", { websocket_id: id });
      return options.factory ? options.factory(connect, id, context) : connect();
    },
    ...options.mount,
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const rig: Rig = {
    server,
    backend,
    url: `ws://127.0.0.1:${port}/voice/websocket/offer`,
    http: `http://127.0.0.1:${port}`,
    ready,
    ended,
    factoryCalls: 0,
    unmount,
    async close() {
      await backend.close();
      unmount();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return rig;
}

/** A client on a real socket that remembers everything. */
export class Client {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  readonly texts: string[] = [];
  readonly binary: Uint8Array[] = [];
  closed: { code: number; reason: string } | undefined;
  /** HTTP status and body of a refused upgrade. */
  refused: { status: number; body: string; headers: Record<string, unknown> } | undefined;
  failed = false;

  constructor(url: string, options: ClientOptions & { protocols?: string[] | undefined } = {}) {
    this.socket = new WebSocket(url, options.protocols ?? [], { perMessageDeflate: false, ...options });
    this.socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) {
        this.binary.push(new Uint8Array(data));
        return;
      }
      const text = data.toString();
      this.texts.push(text);
      const result = parseServerMessage(text);
      if (result.ok) this.messages.push(result.message);
    });
    this.socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    this.socket.on("error", () => {
      this.failed = true;
    });
    this.socket.on("unexpected-response", (_request, response) => {
      let body = "";
      response.on("data", (part) => {
        body += part;
      });
      response.on("end", () => {
        this.refused = { status: response.statusCode ?? 0, body, headers: response.headers };
      });
    });
  }

  static async open(url: string, options: ClientOptions & { protocols?: string[] | undefined } = {}): Promise<Client> {
    const client = new Client(url, options);
    await until(
      () => client.socket.readyState !== WebSocket.CONNECTING || client.failed || client.refused !== undefined,
    );
    return client;
  }

  say(message: unknown): void {
    this.socket.send(typeof message === "string" || message instanceof Uint8Array ? message : JSON.stringify(message));
  }

  of(type: string): ServerMessage[] {
    return this.messages.filter(
      (message) => ("type" in message ? message.type : "event" in message ? message.event : message.status) === type,
    );
  }
}

/** Waits, on real time, for real sockets: until `test` holds. Fails after ten seconds. */
export async function until(test: () => boolean, what = "a condition"): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!test()) {
    if (Date.now() > deadline) throw new Error(`${what} did not come true`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A frame of a tone, at the connection's rate. */
export function tone(sampleRate: number, ms: number, amplitude = 8_000): AudioFrame {
  const samples = new Int16Array((sampleRate * ms) / 1000);
  for (let i = 0; i < samples.length; i++)
    samples[i] = Math.round(amplitude * Math.sin((2 * Math.PI * 440 * i) / sampleRate));
  return { samples, sampleRate, channels: 1, timestamp: 0 };
}
