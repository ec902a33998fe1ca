import { isIP } from "node:net";
import {
  assertOptions,
  consoleLogger,
  defined,
  errorFields,
  type Logger,
  type Recipe,
  RoomKitError,
  type WebRTCAcceptOptions,
  type WebRTCEngine,
  type WebRTCOffer,
  type WebRTCPeer,
} from "@roomkit/core";
import { IceUdpMuxListener } from "node-datachannel";
import { NodeDataChannelPeer } from "./peer.ts";
import { rehearse } from "./rehearsal.ts";

export interface NodeDataChannelEngineOptions {
  /** Local IP address to listen on. Default: all of them, without loopback. */
  readonly listenAddress?: string | undefined;
  /** Address clients are told instead of the local ones: the public one of a 1:1 NAT. */
  readonly announcedAddress?: string | undefined;
  /** First and last UDP port, one per connection. Default: any free port. */
  readonly portRange?: readonly [number, number] | undefined;
  /** One UDP port for all connections. */
  readonly port?: number | undefined;
  readonly logger?: Logger | undefined;
}

let count = 0;
/** Of this process: what it takes is the same for every engine in it. */
let rehearsed: Promise<void> | undefined;

/**
 * A {@link WebRTCEngine} on libdatachannel: native code, half the CPU of werift for the same calls and a faster
 * connect. It checks STUN integrity, consent, SRTP replay and DTLS sources itself.
 */
export class NodeDataChannelEngine implements WebRTCEngine {
  readonly name = "node-datachannel";
  readonly #options: NodeDataChannelEngineOptions;
  readonly #logger: Logger;
  readonly #peers = new Set<NodeDataChannelPeer>();
  #mux: IceUdpMuxListener | undefined;
  readonly #closing = new AbortController();
  #rehearsal: Promise<void> | undefined;
  #closed = false;

  constructor(options: NodeDataChannelEngineOptions) {
    this.#options = options;
    this.#logger = options.logger ?? consoleLogger;
  }

  /** Connections that exist now. */
  get size(): number {
    return this.#peers.size;
  }

  recipe(index: number): Recipe {
    const { logger: _logger, ...options } = this.#options;
    const port = options.port === undefined ? {} : { port: options.port + index };
    return {
      module: import.meta.url,
      name: "nodeDataChannel",
      options: { ...options, ...port },
      // The addon keeps what it makes of JavaScript's in globals: loaded by a second thread, it ends the process.
      ownProcess: true,
    };
  }

  /**
   * Opens the one port and, once in a process, makes a call with itself over loopback, so that the first caller does not wait for what that
   * loads. When it cannot be made it is logged. @throws RoomKitError `bind_failed` when `port` is taken, `closed`.
   */
  async warmUp(signal?: AbortSignal): Promise<void> {
    this.#assertOpen();
    this.#listen();
    const ends = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    rehearsed ??= this.#rehearsal = rehearse(ends).catch((error: unknown) => {
      rehearsed = undefined;
      if (!ends.aborted) {
        this.#logger.warn(errorFields(error), "no call could be rehearsed: the first one takes longer");
      }
    });
    await rehearsed;
  }

  async accept(offer: WebRTCOffer, options: WebRTCAcceptOptions): Promise<WebRTCPeer> {
    this.#assertOpen();
    if (options.signal?.aborted)
      throw new RoomKitError("aborted", "the offer was given up", { cause: options.signal.reason });
    const { listenAddress, announcedAddress, portRange, port } = this.#options;
    this.#listen();
    let peer: NodeDataChannelPeer;
    try {
      peer = new NodeDataChannelPeer({
        name: `roomkit-${++count}`,
        offer,
        accept: options,
        config: defined({
          iceServers: [],
          disableAutoNegotiation: true,
          maxMessageSize: options.limits.messageBytes,
          bindAddress: listenAddress,
          ...(portRange ? { portRangeBegin: portRange[0], portRangeEnd: portRange[1] } : {}),
          ...(port === undefined ? {} : { enableIceUdpMux: true, portRangeBegin: port, portRangeEnd: port }),
        }),
        // Sockets bound to all addresses hear loopback as well, which libdatachannel does not advertise.
        loopback: options.loopback && listenAddress === undefined,
        announcedAddress,
        onListenerError: (error) => this.#logger.error(errorFields(error), "a WebRTC listener threw"),
      });
    } catch (error) {
      throw new RoomKitError("invalid_sdp", "the offer was not accepted", { cause: error });
    }
    this.#peers.add(peer);
    peer.onClosed(() => this.#peers.delete(peer));
    try {
      await peer.negotiate();
      this.#assertOpen();
    } catch (error) {
      await peer.close({ code: "server_closed", message: "the offer could not be answered" });
      this.#assertOpen();
      throw error;
    }
    return peer;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.abort();
    await this.#rehearsal;
    await Promise.all([...this.#peers].map((peer) => peer.close()));
    this.#mux?.stop();
  }

  #assertOpen(): void {
    if (this.#closed) throw new RoomKitError("closed", "this WebRTC engine is closed");
  }

  /** Opens the one port of all connections, once. @throws RoomKitError `bind_failed` when it is taken. */
  #listen(): void {
    const { port, listenAddress } = this.#options;
    if (port === undefined || this.#mux) return;
    try {
      this.#mux = new IceUdpMuxListener(port, listenAddress);
    } catch (cause) {
      throw new RoomKitError("bind_failed", "the UDP port could not be bound", { cause, details: { port } });
    }
  }
}

/** The engine `new WebRTCTransport({ engine: nodeDataChannel(), ... })` takes. @throws RoomKitError `invalid_option` */
export function nodeDataChannel(options: NodeDataChannelEngineOptions = {}): NodeDataChannelEngine {
  assertOptions("nodeDataChannel", options, {
    string: ["listenAddress", "announcedAddress"],
    number: ["port"],
    object: ["logger"],
    array: ["portRange"],
  });
  checkOptions(options);
  return new NodeDataChannelEngine(options);
}

function checkOptions(options: NodeDataChannelEngineOptions): void {
  const { listenAddress, announcedAddress, port, portRange } = options;
  const invalid = (message: string): never => {
    throw new RoomKitError("invalid_option", message);
  };
  if (listenAddress !== undefined && isIP(listenAddress) === 0)
    invalid("listenAddress must be an IP address of this machine");
  if (announcedAddress !== undefined && isIP(announcedAddress) === 0) invalid("announcedAddress must be an IP address");
  if (port !== undefined && portRange) invalid("give either port or portRange");
  const isPort = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 65_535;
  if (port !== undefined && !isPort(port)) invalid("port must be 1 to 65535");
  if (portRange && !(isPort(portRange[0]) && isPort(portRange[1]) && portRange[0] <= portRange[1])) {
    invalid("portRange must be two ports from 1 to 65535, the lower first");
  }
}
