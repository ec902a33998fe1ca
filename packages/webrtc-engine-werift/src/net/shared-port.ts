import type { Buffer } from "node:buffer";
import type { GateResult } from "./session-gate.ts";
import { readBindingRequest, stunKind, transactionId } from "./stun.ts";
import { type DatagramPort, UdpSocket } from "./udp-socket.ts";

/** A session as a shared port sees it. */
export interface SharedPortUser {
  readonly localFragment: string;
  handle(data: Buffer, address: string, port: number): GateResult;
}

/** Transactions a session may have under way through a shared port. */
const MAX_TRANSACTIONS = 256;

/**
 * One UDP socket for all sessions. A STUN request is routed by the user fragment it names, an answer by its transaction, and
 * everything else by the address that last proved itself to a session: a session never gets an address by merely naming it.
 */
export class SharedPort {
  readonly #socket: UdpSocket;
  readonly #byFragment = new Map<string, SharedPortUser>();
  readonly #byAddress = new Map<string, SharedPortUser>();
  readonly #byTransaction = new Map<string, SharedPortUser>();
  #dropped = 0;

  private constructor(socket: UdpSocket) {
    this.#socket = socket;
  }

  static async bind(address: string, port: number): Promise<SharedPort> {
    let shared: SharedPort | undefined;
    const socket = await UdpSocket.bind(address, port, (data, from, fromPort) => shared?.receive(data, from, fromPort));
    shared = new SharedPort(socket);
    return shared;
  }

  get port(): number {
    return this.#socket.port;
  }

  /** Datagrams that belonged to no session. */
  get dropped(): number {
    return this.#dropped;
  }

  get users(): number {
    return this.#byFragment.size;
  }

  receive(data: Buffer, address: string, port: number): void {
    const user = this.#route(data, address, port);
    if (!user) {
      this.#dropped++;
      return;
    }
    // Only a request that proved itself ties the address to the session.
    if (user.handle(data, address, port) === "request") this.#byAddress.set(`${address} ${port}`, user);
  }

  /** A session's share of the socket. */
  open(user: SharedPortUser): DatagramPort & { noteTransaction(id: string): void } {
    this.#byFragment.set(user.localFragment, user);
    const transactions = new Set<string>();
    const socket = this.#socket;
    let closed = false;
    return {
      address: socket.address,
      port: socket.port,
      send: (data, port, address) => {
        if (!closed) socket.send(data, port, address);
      },
      noteTransaction: (id) => {
        if (transactions.size >= MAX_TRANSACTIONS) {
          const oldest = transactions.values().next().value as string;
          transactions.delete(oldest);
          this.#byTransaction.delete(oldest);
        }
        transactions.add(id);
        this.#byTransaction.set(id, user);
      },
      close: async () => {
        closed = true;
        this.#byFragment.delete(user.localFragment);
        for (const id of transactions) this.#byTransaction.delete(id);
        for (const [from, owner] of this.#byAddress) if (owner === user) this.#byAddress.delete(from);
      },
    };
  }

  close(): Promise<void> {
    return this.#socket.close();
  }

  #route(data: Buffer, address: string, port: number): SharedPortUser | undefined {
    switch (stunKind(data)) {
      case "request": {
        const request = readBindingRequest(data);
        return request && this.#byFragment.get(request.localFragment);
      }
      case "response":
      case "error": {
        const id = transactionId(data);
        const user = this.#byTransaction.get(id);
        this.#byTransaction.delete(id);
        return user;
      }
      case "other":
        return undefined;
      default:
        return this.#byAddress.get(`${address} ${port}`);
    }
  }
}
