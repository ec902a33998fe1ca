import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { RoomKitError } from "@roomkit/core";

/** Called with each datagram. The buffer is the receiver's to keep. */
export type DatagramHandler = (data: Buffer, address: string, port: number) => void;

/** A bound UDP socket, or one session's share of one. */
export interface DatagramPort {
  readonly address: string;
  readonly port: number;
  /** Sends and forgets: UDP may lose it anyway. No-op after close. */
  send(data: Uint8Array, port: number, address: string): void;
  /** Resolves when the socket is gone. */
  close(): Promise<void>;
}

/** Kernel buffers: enough for a burst of a second from many sessions. */
const BUFFER_BYTES = 1 << 20;

export class UdpSocket implements DatagramPort {
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  #closing: Promise<void> | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const bound = socket.address();
    this.address = bound.address;
    this.port = bound.port;
  }

  /** Binds; rejects with the system's error (`EADDRINUSE`, ...). */
  static bind(address: string, port: number, onDatagram: DatagramHandler): Promise<UdpSocket> {
    return new Promise((resolve, reject) => {
      const family = isIPv6(address) ? 6 : 4;
      const socket = createSocket({
        type: family === 6 ? "udp6" : "udp4",
        ipv6Only: family === 6,
        // Only IP literals are sent to. Node's own look-up would put every datagram off to the next tick, and so lose the last ones before a close.
        lookup: (host, _options, done) => done(null, host, family),
      });
      const onError = (error: Error): void => {
        socket.close();
        reject(error);
      };
      socket.once("error", onError);
      socket.on("message", (data, from) => onDatagram(data, from.address.split("%")[0] as string, from.port));
      socket.bind({ address, port, exclusive: true }, () => {
        socket.off("error", onError);
        // What goes wrong afterwards (an unreachable network, a closed port at the far end) concerns one datagram only.
        socket.on("error", () => {});
        try {
          socket.setRecvBufferSize(BUFFER_BYTES);
          socket.setSendBufferSize(BUFFER_BYTES);
        } catch {
          // The system's limit is lower: it keeps what it has.
        }
        resolve(new UdpSocket(socket));
      });
    });
  }

  send(data: Uint8Array, port: number, address: string): void {
    if (this.#closing !== undefined) return;
    try {
      this.#socket.send(data, port, address);
    } catch {
      // An address of the other family, or the socket is going: as good as lost on the way.
    }
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => this.#socket.close(() => resolve()));
    return this.#closing;
  }
}

/** The error when every port of the range is taken. */
export function noFreePort(range: readonly [number, number] | undefined): RoomKitError {
  return new RoomKitError("no_free_port", "no UDP port is free for another connection", {
    retryable: true,
    details: range ? { from: range[0], to: range[1] } : {},
  });
}
