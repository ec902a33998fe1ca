import type { Clock, Logger } from "@roomkit/core";
import type { ManagedWebSocket } from "../socket/managed-web-socket.ts";
import type { RealtimePort, RealtimeProtocol } from "./protocol.ts";
import type { ReconnectOptions } from "./reconnect-budget.ts";

export interface RealtimeRunnerOptions {
  readonly id: string;
  /** The provider's name, for errors. */
  readonly provider: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly createProtocol: (port: RealtimePort) => RealtimeProtocol;
  /** Opens the next connection. */
  readonly open: (signal: AbortSignal) => Promise<ManagedWebSocket>;
  /** Longest wait from the open connection to the end of the vendor's handshake, ms. */
  readonly handshakeTimeoutMs: number;
  /** Longest silence of a vendor that owes something, ms. */
  readonly responseTimeoutMs: number;
  /** Longest life of a connection, ms; a new one takes over before the vendor ends it. Infinity: as long as it lasts. */
  readonly maxConnectionMs: number;
  readonly reconnect: ReconnectOptions | undefined;
  /** 0 to 1, for the jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  readonly onClosed: () => void;
}
