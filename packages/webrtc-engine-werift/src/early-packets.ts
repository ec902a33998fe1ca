/** Packets kept; a client that is not answered sends them again. */
const MOST_HELD = 4;

/**
 * The way of a client's packets to a layer that may not have begun: the client is done with the layer below first, and what it
 * sends before we are would be lost, and sent again only when a timer of seconds has run.
 */
export class EarlyPackets {
  readonly #deliver: (packet: Buffer) => void;
  #held: Buffer[] | undefined = [];

  constructor(deliver: (packet: Buffer) => void) {
    this.#deliver = deliver;
  }

  receive(packet: Buffer): void {
    if (!this.#held) this.#deliver(packet);
    else if (this.#held.length < MOST_HELD) this.#held.push(packet);
  }

  /** The layer has begun: it is given what came early, then everything. */
  begin(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const packet of held) this.#deliver(packet);
  }
}
