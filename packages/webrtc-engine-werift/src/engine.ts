import { isIP, isIPv6 } from "node:net";
import {
  assertOptions,
  type Clock,
  consoleLogger,
  errorFields,
  type Logger,
  type Recipe,
  RoomKitError,
  systemClock,
  type WebRTCAcceptOptions,
  type WebRTCEngine,
  type WebRTCOffer,
  type WebRTCPeer,
} from "@roomkit/core";
import { writeAnswer } from "./answer.ts";
import { Certificates } from "./certificates.ts";
import { hostAddresses } from "./net/local-addresses.ts";
import { PortAllocator } from "./net/port-range.ts";
import type { GateResult } from "./net/session-gate.ts";
import { SharedPort } from "./net/shared-port.ts";
import { type PeerPort, WeriftPeer } from "./peer.ts";
import { rehearse } from "./rehearsal.ts";

/** Where the server listens for media and what it tells clients of it. */
export interface WeriftEngineOptions {
  /** Local IP addresses to listen on. Default: every interface's, without loopback and link-local. */
  readonly listenAddresses?: readonly string[] | undefined;
  /** Addresses clients are told instead of those listened on, one per listen address: the public ones of a 1:1 NAT. */
  readonly announcedAddresses?: readonly string[] | undefined;
  /** First and last UDP port; one or two (with IPv6) are used per connection. Default: any free port. */
  readonly portRange?: readonly [number, number] | undefined;
  /** One UDP port for all connections, instead of one or two each. */
  readonly port?: number | undefined;
  /** Listen on IPv6 too where the machine has it. Default true. */
  readonly ipv6?: boolean | undefined;
  /**
   * Answer the client's connectivity checks but send none (RFC 8445, 2.5). For servers with a public address: nothing is ever
   * sent to an address the client merely names. Default false.
   */
  readonly iceLite?: boolean | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

/** Of this process: what it takes is the same for every engine in it. */
let rehearsed: Promise<void> | undefined;

/** ICE priority of a host candidate (RFC 8445, 5.1.2.1), later addresses a little lower. */
function hostPriority(index: number): number {
  return 126 * 2 ** 24 + (65_535 - index) * 2 ** 8 + 255;
}

/** A {@link WebRTCEngine}: werift's ICE, DTLS, SRTP and SCTP behind the guards of this package. Pure TypeScript, no native code. */
export class WeriftEngine implements WebRTCEngine {
  readonly name = "werift";
  readonly #options: WeriftEngineOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #allocator: PortAllocator;
  readonly #certificates: Certificates;
  readonly #peers = new Set<WeriftPeer>();
  readonly #shared = new Map<string, Promise<SharedPort>>();
  readonly #accepting = new Set<Promise<WebRTCPeer>>();
  readonly #closing = new AbortController();
  #rehearsal: Promise<void> | undefined;
  #closed = false;

  constructor(options: WeriftEngineOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? consoleLogger;
    this.#allocator = new PortAllocator(options.portRange);
    this.#certificates = new Certificates(this.#clock);
  }

  /** Connections that exist now. */
  get size(): number {
    return this.#peers.size;
  }

  /** With one port for all connections, each worker gets the port that many further on. @throws RoomKitError `invalid_option` */
  recipe(index: number): Recipe {
    const { clock: _clock, logger: _logger, ...ice } = this.#options;
    const options = ice.port ? { ...ice, port: ice.port + index } : ice;
    checkOptions(options);
    return { module: import.meta.url, name: "werift", options };
  }

  /**
   * Makes what the first connection needs ahead of it: the certificate and, once in a process, a call with itself over loopback. When that
   * cannot be made it is logged: the first caller waits longer, nothing else.
   */
  async warmUp(signal?: AbortSignal): Promise<void> {
    const certificate = await this.#certificates.current();
    if (this.#closed) return;
    const ends = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    rehearsed ??= this.#rehearsal = rehearse(certificate, this.#clock.now, ends).catch((error: unknown) => {
      rehearsed = undefined;
      if (!ends.aborted) {
        this.#logger.warn(errorFields(error), "no call could be rehearsed: the first one takes longer");
      }
    });
    await rehearsed;
  }

  async accept(offer: WebRTCOffer, options: WebRTCAcceptOptions): Promise<WebRTCPeer> {
    const accepting = this.#accept(offer, options);
    this.#accepting.add(accepting);
    try {
      return await accepting;
    } finally {
      this.#accepting.delete(accepting);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.abort();
    await this.#rehearsal;
    // What is being accepted binds sockets yet, and closes them itself.
    await Promise.allSettled([...[...this.#peers].map((peer) => peer.close()), ...this.#accepting]);
    const shared = await Promise.allSettled(this.#shared.values());
    await Promise.all(shared.map((s) => (s.status === "fulfilled" ? s.value.close() : undefined)));
    this.#shared.clear();
  }

  async #accept(offer: WebRTCOffer, options: WebRTCAcceptOptions): Promise<WebRTCPeer> {
    this.#assertOpen(options.signal);
    const certificate = await this.#certificates.current();
    this.#assertOpen(options.signal);
    const iceLite = this.#options.iceLite ?? false;
    if (iceLite && offer.ice.lite) throw new RoomKitError("invalid_sdp", "two ICE-lite agents cannot connect");
    const peer = new WeriftPeer({
      offer,
      accept: options,
      certificate: certificate.certificate,
      iceLite,
      now: this.#clock.now,
      onListenerError: (error) => this.#logger.error(errorFields(error), "a WebRTC listener threw"),
    });
    this.#peers.add(peer);
    peer.onClosed(() => this.#peers.delete(peer));
    const ports: PeerPort[] = [];
    try {
      await this.#listen(peer, options.loopback, ports);
      this.#assertOpen(options.signal);
      peer.answer = writeAnswer(offer, options, {
        ice: { usernameFragment: peer.localFragment, password: peer.localPassword, lite: iceLite },
        fingerprint: certificate.fingerprint,
        setup: offer.setup === "passive" ? "active" : "passive",
        candidates: ports.map((p) => ({
          address: p.address,
          port: p.port.port,
          priority: p.priority,
          foundation: p.foundation,
        })),
        sctpPort: 5000,
        cname: `roomkit-${peer.localFragment}`,
      });
    } catch (error) {
      await peer.close({ code: "server_closed", message: "the offer could not be answered" });
      // Of a peer that was closed meanwhile: those it was given afterwards.
      await Promise.all(ports.map(({ port }) => port.close()));
      throw error;
    }
    peer.start();
    return peer;
  }

  #assertOpen(signal: AbortSignal | undefined): void {
    if (this.#closed) throw new RoomKitError("closed", "this WebRTC engine is closed");
    if (signal?.aborted) throw new RoomKitError("aborted", "the offer was given up", { cause: signal.reason });
  }

  /** Opens the session's sockets, into `ports`. An address that cannot be bound is left out, as long as one can. */
  async #listen(peer: WeriftPeer, loopback: boolean, ports: PeerPort[]): Promise<void> {
    const { announcedAddresses, port } = this.#options;
    const addresses = this.#addresses(loopback);
    let failure: unknown = new RoomKitError("bind_failed", "this machine has no address to listen on");
    for (const [index, address] of addresses.entries()) {
      if (this.#closed) return;
      let receive: (data: Buffer, from: string, fromPort: number) => GateResult = () => "dropped";
      try {
        const onDatagram = (data: Buffer, from: string, fromPort: number): GateResult => receive(data, from, fromPort);
        const socket =
          port === undefined
            ? await this.#allocator.bind(address, onDatagram)
            : (await this.#sharedPort(address, port)).open({ localFragment: peer.localFragment, handle: onDatagram });
        const peerPort = {
          port: socket,
          address: announcedAddresses?.[index] ?? address,
          priority: hostPriority(index),
          foundation: String(index + 1),
        };
        receive = peer.attach(peerPort);
        ports.push(peerPort);
      } catch (error) {
        failure = error;
        this.#logger.warn({ address, ...errorFields(error) }, "no UDP socket on an address");
      }
    }
    if (ports.length === 0) throw failure;
  }

  #addresses(loopback: boolean): string[] {
    const { listenAddresses, ipv6 = true } = this.#options;
    const addresses = listenAddresses ? [...listenAddresses] : hostAddresses({ ipv6 });
    if (loopback && !addresses.includes("127.0.0.1") && !listenAddresses) addresses.push("127.0.0.1");
    return addresses;
  }

  #sharedPort(address: string, port: number): Promise<SharedPort> {
    let shared = this.#shared.get(address);
    if (!shared) {
      shared = SharedPort.bind(address, port);
      this.#shared.set(address, shared);
      shared.catch(() => this.#shared.delete(address));
    }
    return shared;
  }
}

/** The engine `new WebRTCTransport({ engine: werift(), ... })` takes. @throws RoomKitError `invalid_option` */
export function werift(options: WeriftEngineOptions = {}): WeriftEngine {
  assertOptions("werift", options, {
    number: ["port"],
    boolean: ["ipv6", "iceLite"],
    object: ["clock", "logger"],
    strings: ["listenAddresses", "announcedAddresses"],
    array: ["portRange"],
  });
  checkOptions(options);
  return new WeriftEngine(options);
}

function checkOptions(options: WeriftEngineOptions): void {
  const { listenAddresses, announcedAddresses, port, portRange } = options;
  const invalid = (message: string): never => {
    throw new RoomKitError("invalid_option", message);
  };
  if (listenAddresses && (listenAddresses.length === 0 || listenAddresses.some((a) => isIP(a) === 0))) {
    invalid("listenAddresses must be IP addresses of this machine");
  }
  if (announcedAddresses) {
    if (announcedAddresses.some((a) => isIP(a) === 0)) invalid("announcedAddresses must be IP addresses");
    if (!listenAddresses || listenAddresses.length !== announcedAddresses.length) {
      invalid("announcedAddresses needs one listenAddresses entry for each");
    }
    if (announcedAddresses.some((a, i) => isIPv6(a) !== isIPv6(listenAddresses?.[i] ?? ""))) {
      invalid("an announced address and its listen address must be of one family");
    }
  }
  if (port !== undefined && portRange) invalid("give either port or portRange");
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    invalid("port must be 0 to 65535");
}
