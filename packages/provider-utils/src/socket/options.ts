import type { Agent } from "node:http";
import type { Duplex } from "node:stream";
import { type Clock, type OptionKinds, type Resolved, RoomKitError } from "@roomkit/core";
import type { ProviderErrorKind } from "../errors/provider-error.ts";

/** How the connection below the WebSocket is made: a proxy, a private certificate authority, a plain socket on localhost. */
export interface SocketConnectionOptions {
  readonly agent?: Agent | undefined;
  /** Certificate authorities to trust, PEM. */
  readonly ca?: string | readonly string[] | undefined;
  /** Opens the connection itself, instead of net or tls. */
  readonly createConnection?: ((options: object) => Duplex) | undefined;
}

/** What each of them is, for `assertOptions`. */
export const connectionKinds: OptionKinds<SocketConnectionOptions> = {
  string: ["ca"],
  strings: ["ca"],
  function: ["createConnection"],
  object: ["agent"],
};

export interface ManagedWebSocketOptions {
  /** The provider's name, for errors. */
  readonly provider: string;
  /** Ends the handshake or the connection when it aborts. */
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly protocols?: readonly string[] | undefined;
  /** Longest wait for the upgrade, ms. Default 10,000. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Ping after so long without a sign of life, ms. 0: never. Default 10,000. */
  readonly pingIntervalMs?: number | undefined;
  /** Longest wait for a sign of life after a ping, ms. Default 10,000. */
  readonly pongTimeoutMs?: number | undefined;
  /** Most bytes that may wait to be sent; `send` throws beyond. Default 1 MiB. */
  readonly maxBufferedBytes?: number | undefined;
  /** Largest message taken from the peer, bytes. Default 16 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /** So many unread bytes, or 256 unread messages, stop reading from the connection until half of it is read. Default 1 MiB. */
  readonly inboundHighWaterBytes?: number | undefined;
  /** How long a closing handshake may take before the connection is cut, ms. Default 1,000. */
  readonly closeGraceMs?: number | undefined;
  /** A vendor's own reading of a close code; undefined leaves it to the code. `none`: no failure. */
  readonly classifyClose?: ((code: number, reason: string) => ProviderErrorKind | "none" | undefined) | undefined;
  readonly connection?: SocketConnectionOptions | undefined;
  readonly clock?: Clock | undefined;
}

export type SocketLimits = Resolved<
  Pick<
    { [K in keyof ManagedWebSocketOptions]: Exclude<ManagedWebSocketOptions[K], undefined> },
    | "handshakeTimeoutMs"
    | "pingIntervalMs"
    | "pongTimeoutMs"
    | "maxBufferedBytes"
    | "maxMessageBytes"
    | "inboundHighWaterBytes"
    | "closeGraceMs"
  >
>;

const MIB = 1024 * 1024;

/** The options' numbers with the defaults filled in. @throws RoomKitError `invalid_option`. */
export function socketLimits(options: ManagedWebSocketOptions): SocketLimits {
  const limits: SocketLimits = {
    handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
    pingIntervalMs: options.pingIntervalMs ?? 10_000,
    pongTimeoutMs: options.pongTimeoutMs ?? 10_000,
    maxBufferedBytes: options.maxBufferedBytes ?? MIB,
    maxMessageBytes: options.maxMessageBytes ?? 16 * MIB,
    inboundHighWaterBytes: options.inboundHighWaterBytes ?? MIB,
    closeGraceMs: options.closeGraceMs ?? 1_000,
  };
  for (const [name, value] of Object.entries(limits)) {
    const least = name === "pingIntervalMs" || name === "closeGraceMs" ? 0 : 1;
    if (Number.isFinite(value) && value >= least) continue;
    throw new RoomKitError("invalid_option", `${name} must be a number >= ${least}`, { details: { [name]: value } });
  }
  return limits;
}
