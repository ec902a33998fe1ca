import { RoomKitError } from "@roomkit/core";
import { type DatagramHandler, noFreePort, UdpSocket } from "./udp-socket.ts";

/** Hands out UDP ports: any free one, or one of a fixed range. Walks the range, so that a port just freed is used last. */
export class PortAllocator {
  readonly #range: readonly [number, number] | undefined;
  #next = 0;

  /** @throws RoomKitError `invalid_option` */
  constructor(range: readonly [number, number] | undefined) {
    if (
      range &&
      !(
        Number.isInteger(range[0]) &&
        Number.isInteger(range[1]) &&
        range[0] >= 1 &&
        range[1] <= 65_535 &&
        range[0] <= range[1]
      )
    ) {
      throw new RoomKitError("invalid_option", "portRange must be two ports from 1 to 65535, the lower first");
    }
    this.#range = range;
  }

  /** @throws RoomKitError `no_free_port`, or `bind_failed` when the address itself cannot be bound. */
  async bind(address: string, onDatagram: DatagramHandler): Promise<UdpSocket> {
    const range = this.#range;
    const count = range ? range[1] - range[0] + 1 : 1;
    for (let tries = 0; tries < count; tries++) {
      const port = range ? range[0] + (this.#next++ % count) : 0;
      try {
        return await UdpSocket.bind(address, port, onDatagram);
      } catch (error) {
        if ((error as { code?: string | undefined }).code === "EADDRINUSE") continue;
        throw new RoomKitError("bind_failed", "a UDP socket could not be bound", {
          cause: error,
          details: { address },
        });
      }
    }
    throw noFreePort(range);
  }
}
