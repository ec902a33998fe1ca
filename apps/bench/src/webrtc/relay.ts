import { createSocket, type RemoteInfo, type Socket } from "node:dgram";

export interface RelayOptions {
  readonly target: number;
  readonly loss: number;
  readonly delayMs: number;
}

/** Stands between a caller and the server's UDP port on this machine, loses audio on the way to the server and delays all. */
export class Relay {
  readonly #socket: Socket = createSocket("udp4");
  readonly #options: RelayOptions;
  #caller: RemoteInfo | undefined;
  #seed = 1;
  #closed = false;
  lost = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.#socket.bind(0, "127.0.0.1", resolve));
    this.#socket.on("error", () => {});
    this.#socket.on("message", (data, from) => {
      const toServer = from.port !== this.#options.target;
      // A browser sends from an address of its own choice.
      if (toServer) this.#caller = from;
      const to = toServer ? { port: this.#options.target, address: "127.0.0.1" } : this.#caller;
      if (to === undefined) return;
      if (toServer && isAudio(data) && this.#random() < this.#options.loss) {
        this.lost++;
        return;
      }
      const pass = (): void => {
        if (!this.#closed) this.#socket.send(data, to.port, to.address);
      };
      if (this.#options.delayMs > 0) setTimeout(pass, this.#options.delayMs);
      else pass();
    });
    return this.#socket.address().port;
  }

  close(): void {
    this.#closed = true;
    this.#socket.close();
  }

  /** The same losses on every run. */
  #random(): number {
    this.#seed = (this.#seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return this.#seed / 0x80000000;
  }
}

/** RTP, and not RTCP, by its first two bytes (RFC 5761, 4): handshakes and reports pass. */
function isAudio(data: Buffer): boolean {
  const type = (data[1] as number) & 0x7f;
  return (data[0] as number) >> 6 === 2 && (type < 64 || type > 95);
}
