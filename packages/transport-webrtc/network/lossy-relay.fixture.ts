import { createSocket, type RemoteInfo, type Socket } from "node:dgram";

/** What a path does to the datagrams on it, each way. */
export interface PathOptions {
  /** Share of datagrams that is lost, 0 to 1. */
  readonly loss?: number;
  /** Every datagram takes this long, ms. Default 0. */
  readonly delayMs?: number;
  /** And up to this much more, ms; one after another, so that none overtakes. Default 0. */
  readonly jitterMs?: number;
  /** Share of datagrams that come `reorderMs` late, after others that left later, 0 to 1. Default 0. */
  readonly reorder?: number;
  readonly reorderMs?: number;
  /** Of the dice, so that a run can be had again. Default 1. */
  readonly seed?: number;
}

/** Counters of both ways. */
export interface PathCounts {
  forwarded: number;
  lost: number;
  reordered: number;
}

/**
 * A bad path to a server: clients send to the relay's ports instead of the server's, and it sends on what survives. Datagrams
 * are spared until `begin()`, so that a call starts the same every time.
 */
export class LossyRelay {
  readonly counts: PathCounts = { forwarded: 0, lost: 0, reordered: 0 };
  readonly #options: PathOptions;
  readonly #sockets: Socket[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #random: () => number;
  #begun = false;

  constructor(options: PathOptions) {
    this.#options = options;
    this.#random = dice(options.seed ?? 1);
  }

  /** Opens a way to a port of the server; the port clients send to. */
  readonly to = async (port: number): Promise<number> => {
    const [front, back] = await Promise.all([this.#open(), this.#open()]);
    let client: RemoteInfo | undefined;
    const there = this.#way((data) => back.send(data, port, "127.0.0.1", () => {}));
    const here = this.#way((data) => client !== undefined && front.send(data, client.port, client.address, () => {}));
    front.on("message", (data, from) => {
      client = from;
      there(data);
    });
    back.on("message", (data, from) => {
      if (from.port === port) here(data);
    });
    return front.address().port;
  };

  begin(): void {
    this.#begun = true;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.close();
    this.#sockets.length = 0;
  }

  /** One direction. */
  #way(send: (data: Buffer) => void): (data: Buffer) => void {
    const { loss = 0, delayMs = 0, jitterMs = 0, reorder = 0, reorderMs = 0 } = this.#options;
    let last = 0;
    return (data) => {
      if (this.#begun && this.#random() < loss) {
        this.counts.lost++;
        return;
      }
      this.counts.forwarded++;
      const now = performance.now();
      let due = now + delayMs;
      if (this.#begun) {
        due = Math.max(due + this.#random() * jitterMs, last);
        if (this.#random() < reorder) {
          this.counts.reordered++;
          due += reorderMs;
        } else last = due;
      }
      if (due - now < 0.5) {
        send(data);
        return;
      }
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        if (this.#sockets.length > 0) send(data);
      }, due - now);
      this.#timers.add(timer);
    };
  }

  async #open(): Promise<Socket> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve, reject) => socket.once("error", reject).bind(0, "127.0.0.1", resolve));
    this.#sockets.push(socket);
    return socket;
  }
}

/** The same numbers from 0 to 1 for the same seed (xorshift32: Marsaglia 2003). */
function dice(seed: number): () => number {
  let x = (seed * 2_654_435_761) | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}
