import type { CloseReason, ConnectionMessage } from "@roomkit/core";
import { serializeServerMessage } from "@roomkit/protocol";
import { type ConnectionLink, closeCodeFor, compatMessage, type PlayoutFrame } from "@roomkit/transport-utils";
import type { SocketPort } from "../socket/port.ts";
import type { SampleCoder } from "./formats.ts";

/** The seed's dialect on a socket. */
export class CompatLink implements ConnectionLink {
  readonly #port: SocketPort;
  readonly #coder: SampleCoder;
  readonly #softBytes: number;

  constructor(port: SocketPort, coder: SampleCoder, softBytes: number) {
    this.#port = port;
    this.#coder = coder;
    this.#softBytes = softBytes;
  }

  audio(frame: PlayoutFrame): boolean {
    if (frame.samples.length === 0) return true;
    if (this.#port.bufferedBytes > this.#softBytes) return false;
    this.#port.sendBase64('{"event":"media","media":{"payload":"', this.#coder.encode(frame.samples), '"}}');
    return true;
  }

  together(work: () => void): void {
    this.#port.together(work);
  }

  message(message: ConnectionMessage): void {
    const told = compatMessage(message, { speaking: false });
    if (told) this.#port.send(serializeServerMessage(told));
  }

  raw(text: string): void {
    this.#port.send(text);
  }

  clear(): void {
    this.#port.send(serializeServerMessage({ type: "clear_audio" }));
  }

  close(reason: CloseReason): Promise<void> {
    return this.#port.close(closeCodeFor(reason), reason.code);
  }

  /** The dialect has no goodbye. */
  bye(): void {}
}
