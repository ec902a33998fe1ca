import { DtlsFilter } from "./dtls-filter.ts";
import {
  type BindingRequest,
  integrityHolds,
  readBindingRequest,
  stunErrorCode,
  stunKind,
  transactionId,
} from "./stun.ts";

/** What a datagram turned out to be, for whoever routes datagrams to gates. */
export type GateResult = "request" | "accepted" | "dropped";

export interface GateOptions {
  /** Our ICE user fragment and password (RFC 8445, 5.3), and the client's user fragment. */
  readonly localFragment: string;
  readonly localPassword: string;
  readonly remoteFragment: string;
  /** Most remote addresses that may be known at once. */
  readonly remoteAddresses: number;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly onDtls: (datagram: Buffer) => void;
  /** SRTP or SRTCP, still encrypted. */
  readonly onSrtp: (packet: Buffer) => void;
  /** Whether a connectivity check to this address has been answered. */
  readonly isValidated: (address: string, port: number) => boolean;
  /** Whether DTLS keys exist. */
  readonly established: () => boolean;
  /** After an authenticated request that nominates its address. */
  readonly onNominated?: ((address: string, port: number) => void) | undefined;
}

/** Takes an authenticated request or an answer to a check of ours. */
export type StunHandler = (message: Buffer, address: string, port: number) => void;

/** Authenticated requests per second from all addresses of a client; a browser sends about 20 while connecting. */
const REQUESTS_PER_SECOND = 100;
/** A hostile client answers every check with an error to make us try again. */
const MAX_ERROR_RESPONSES = 16;
/** An address without a request for this long may be forgotten for a new one, ms: twice the time consent lasts (RFC 7675). */
const LEFT_MS = 60_000;
const MAX_TRANSACTIONS = 256;
const MAX_DATAGRAM = 2_048;

/**
 * Stands between a UDP socket and the ICE, DTLS and SRTP of one session, and decides before any of them acts: STUN requests
 * must carry our credentials and prove them (RFC 8445, 7.3), answers must belong to a request of ours, and DTLS and SRTP must
 * come from an address that has done so (OWASP ASVS 17.2.6). werift does none of that itself.
 */
export class SessionGate {
  readonly #options: GateOptions;
  readonly #dtls = new DtlsFilter();
  readonly #dropped = new Map<string, number>();
  /** When each address last sent an authenticated request, ms. */
  readonly #addresses = new Map<string, number>();
  readonly #transactions = new Set<string>();
  #received = 0;
  #errorResponses = 0;
  #windowStart = Number.NEGATIVE_INFINITY;
  #requestsInWindow = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  get received(): number {
    return this.#received;
  }

  get remoteAddresses(): number {
    return this.#addresses.size;
  }

  get dropped(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#dropped);
  }

  /** When `address` last proved itself, on the gate's clock; undefined when never. */
  lastRequestFrom(address: string, port: number): number | undefined {
    return this.#addresses.get(key(address, port));
  }

  /** Counts a datagram that was dropped further on. */
  drop(reason: string): GateResult {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
    return "dropped";
  }

  /** Told of everything the ICE agent sends, to know its transactions. Returns the transaction's id for a request. */
  noteSent(data: Buffer): string | undefined {
    if (stunKind(data) !== "request") return undefined;
    const id = transactionId(data);
    if (this.#transactions.size >= MAX_TRANSACTIONS)
      this.#transactions.delete(this.#transactions.values().next().value as string);
    this.#transactions.add(id);
    return id;
  }

  /** Decides on one datagram; `onStun` belongs to the socket it came in on. */
  handle(data: Buffer, address: string, port: number, onStun: StunHandler): GateResult {
    if (data.length < 12 || data.length > MAX_DATAGRAM) return this.drop("size");
    const first = data[0] as number;
    // RFC 7983: the first byte tells the protocols on one socket apart.
    if (first < 4) return this.#stun(data, address, port, onStun);
    if (!this.#knows(address, port)) return this.drop("off_path");
    if (first >= 20 && first < 64) {
      const { forward, dropped } = this.#dtls.pass(data, this.#options.established());
      if (dropped !== undefined) this.drop(dropped);
      if (!forward) return "dropped";
      this.#received++;
      this.#options.onDtls(forward);
      return "accepted";
    }
    if (first < 128 || first > 191) return this.drop("unknown");
    // Counted as a sign of life by the receiver, once it is authenticated.
    this.#options.onSrtp(data);
    return "accepted";
  }

  /** An SRTP packet proved to be the client's. */
  noteAuthentic(): void {
    this.#received++;
  }

  #stun(data: Buffer, address: string, port: number, onStun: StunHandler): GateResult {
    switch (stunKind(data)) {
      case "request": {
        const request = readBindingRequest(data);
        if (!request || !this.#authentic(data, request)) return this.drop("stun_unauthenticated");
        return this.#request(data, request, address, port, onStun);
      }
      case "error":
        // 487 (role conflict) is the one error that calls for an action of ours.
        if (stunErrorCode(data) !== 487 || ++this.#errorResponses > MAX_ERROR_RESPONSES) return this.drop("stun_error");
        break;
      case "response":
        break;
      default:
        return this.drop("stun_malformed");
    }
    if (!this.#transactions.delete(transactionId(data))) return this.drop("stun_unasked");
    this.#received++;
    onStun(data, address, port);
    return "accepted";
  }

  #authentic(data: Buffer, request: BindingRequest): boolean {
    const { localFragment, remoteFragment, localPassword } = this.#options;
    // The cheap comparisons first: a flood without our random user fragment costs no HMAC.
    if (request.localFragment !== localFragment || request.remoteFragment !== remoteFragment) return false;
    return integrityHolds(data, request.integrityOffset, localPassword);
  }

  #request(data: Buffer, request: BindingRequest, address: string, port: number, onStun: StunHandler): GateResult {
    const now = this.#options.now();
    if (now - this.#windowStart >= 1_000) {
      this.#windowStart = now;
      this.#requestsInWindow = 0;
    }
    if (++this.#requestsInWindow > REQUESTS_PER_SECOND) return this.drop("stun_rate");
    const from = key(address, port);
    if (!this.#addresses.has(from) && this.#addresses.size >= this.#options.remoteAddresses && !this.#forgetOne(now)) {
      return this.drop("too_many_addresses");
    }
    this.#addresses.set(from, now);
    this.#received++;
    // Only what the integrity covers goes on: an attribute appended on the way (USE-CANDIDATE, say) is cut off.
    const end = request.integrityOffset + 24;
    const authentic = Buffer.from(data.subarray(0, end));
    authentic.writeUInt16BE(end - 20, 2);
    onStun(authentic, address, port);
    if (request.nominates) this.#options.onNominated?.(address, port);
    return "request";
  }

  /** Makes room by forgetting an address the client has left. */
  #forgetOne(now: number): boolean {
    for (const [from, last] of this.#addresses) if (now - last > LEFT_MS) return this.#addresses.delete(from);
    return false;
  }

  #knows(address: string, port: number): boolean {
    return this.#addresses.has(key(address, port)) || this.#options.isValidated(address, port);
  }
}

function key(address: string, port: number): string {
  return `${address} ${port}`;
}
