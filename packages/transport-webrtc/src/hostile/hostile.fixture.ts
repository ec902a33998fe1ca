import { createSocket, type Socket } from "node:dgram";
import { opus } from "@roomkit/codec-opus";
import type { CloseReason, VoiceConnection } from "@roomkit/core";
import { expect } from "vitest";
import type { TestClient, TestClientOptions } from "../client.fixture.ts";
import { type Accepted, acceptAll, type Started, start } from "../harness.fixture.ts";
import type { WebRTCTransportOptions } from "../index.ts";
import { sine, until } from "../testing.fixture.ts";

/** A server under attack, with a call on it that must not notice. */
export interface Scene extends Started {
  readonly app: Accepted;
  /** Connects a client and gives its connection as the server has it, and how that ended. */
  caller(
    options?: Partial<TestClientOptions>,
  ): Promise<{ client: TestClient; connection: VoiceConnection; ended: () => CloseReason | undefined }>;
  /** That the witness is heard, hears, and is answered, and that nothing was thrown into the process. */
  expectUndisturbed(): Promise<void>;
}

export async function scene(options: Partial<WebRTCTransportOptions> = {}): Promise<Scene> {
  const started = await start(options);
  const app = acceptAll(started.transport);
  const thrown: unknown[] = [];
  const onThrown = (error: unknown): unknown => thrown.push(error);
  process.on("unhandledRejection", onThrown);
  process.on("uncaughtException", onThrown);
  const caller: Scene["caller"] = async (clientOptions = {}) => {
    const before = app.connections.length;
    const client = await started.client(clientOptions).connect();
    await until(() => app.connections.length > before && client.channel?.readyState !== "connecting", "a caller");
    const connection = app.connections[before] as VoiceConnection;
    let reason: CloseReason | undefined;
    connection.onClose((r) => {
      reason = r;
    });
    return { client, connection, ended: () => reason };
  };
  const witness = await caller();
  const encoder = await opus().createEncoder({ sampleRate: 48_000 });
  const voice = sine(48_000, 440, 20);
  return {
    ...started,
    app,
    caller,
    async expectUndisturbed() {
      const heard = app.frames.length;
      const pongs = witness.client.messages.length;
      witness.client.send({ event: "ping" });
      for (let i = 0; i < 10; i++) {
        witness.client.sendRtp(encoder.encode(voice) as Uint8Array);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await until(() => app.frames.length >= heard + 10, "the witness's voice");
      await until(() => witness.client.messages.length > pongs, "the witness's pong");
      const packets = witness.client.packets.length;
      witness.connection.play(`check ${packets}`, {
        samples: sine(24_000, 440, 100),
        sampleRate: 24_000,
        channels: 1,
        timestamp: 0,
      });
      await until(() => witness.client.packets.length >= packets + 5, "what the witness hears");
      expect(witness.ended()).toBeUndefined();
      expect(thrown).toEqual([]);
    },
    async stop() {
      process.off("unhandledRejection", onThrown);
      process.off("uncaughtException", onThrown);
      encoder.close();
      await started.stop();
    },
  };
}

/** The server's UDP port of an answer. */
export function udpPortOf(sdp: string | undefined): number {
  const port = /a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+) typ host/.exec(sdp ?? "")?.[1];
  if (port === undefined) throw new Error("the answer has no candidate");
  return Number(port);
}

/** An attacker's sockets: what they send, and what they were ever answered. */
export class Attacker {
  readonly answers: Buffer[] = [];
  readonly #sockets: Socket[];

  private constructor(sockets: Socket[]) {
    this.#sockets = sockets;
    for (const socket of sockets) socket.on("message", (data) => this.answers.push(data));
  }

  static async open(count = 1): Promise<Attacker> {
    const sockets = Array.from({ length: count }, () => createSocket("udp4"));
    await Promise.all(sockets.map((s) => new Promise<void>((resolve) => s.bind(0, "127.0.0.1", resolve))));
    return new Attacker(sockets);
  }

  async send(data: Buffer, port: number, from = 0): Promise<void> {
    const socket = this.#sockets[from % this.#sockets.length] as Socket;
    await new Promise((resolve) => socket.send(data, port, "127.0.0.1", resolve));
  }

  async close(): Promise<void> {
    await Promise.all(this.#sockets.map((s) => new Promise<void>((resolve) => s.close(() => resolve()))));
  }
}

/** Lets datagrams that are under way arrive. */
export const settle = (ms = 60): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The client's own protocol stack, for those who misuse it. */
export interface ClientInternals {
  readonly dtls: {
    sendData(data: Buffer): Promise<void>;
    sendRtp(payload: Buffer, header: unknown): Promise<number>;
    dtls: { send(data: Buffer): Promise<void> };
  };
  readonly ice: { send: (data: Buffer) => Promise<void> };
  readonly sctp: {
    send(stream: number, ppid: number, data: Buffer, options?: object): Promise<void>;
    sendChunk(chunk: unknown): Promise<void>;
    handleData: (data: Buffer) => Promise<void>;
    localVerificationTag: number;
    remoteVerificationTag: number;
    localTsn: number;
  };
}

export function internals(client: TestClient): ClientInternals {
  const [dtls] = client.pc.dtlsTransports;
  const sctp = client.pc.sctpTransport as unknown as { sctp: ClientInternals["sctp"]; remoteMaxMessageSize: number };
  // It would keep to what the server's answer allows.
  sctp.remoteMaxMessageSize = 0;
  return {
    dtls: dtls as unknown as ClientInternals["dtls"],
    ice: dtls?.iceTransport.connection as unknown as ClientInternals["ice"],
    sctp: sctp.sctp,
  };
}
