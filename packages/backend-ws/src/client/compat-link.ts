import type { CloseReason, ConnectionMessage } from "@roomkit/core";
import { serializeServerMessage } from "@roomkit/protocol";
import { type ConnectionLink, compatMessage, type PlayoutFrame } from "@roomkit/transport-utils";
import type { SocketPort } from "../socket/port.ts";
import { closeCodeFor } from "./close-codes.ts";
import type { SampleCoder } from "./formats.ts";

/** The seed's dialect on a socket; with `streamSid`, its telephone framing. */
export class CompatLink implements ConnectionLink {
  readonly #port: SocketPort;
  readonly #coder: SampleCoder;
  readonly #softBytes: number;
  readonly #streamSid: string | undefined;

  constructor(port: SocketPort, coder: SampleCoder, softBytes: number, streamSid: string | undefined) {
    this.#port = port;
    this.#coder = coder;
    this.#softBytes = softBytes;
    this.#streamSid = streamSid;
  }

  audio(frame: PlayoutFrame): boolean {
    if (frame.samples.length === 0) return true;
    if (this.#port.bufferedBytes > this.#softBytes) return false;
    const audio = this.#coder.encode(frame.samples);
    const streamSid = this.#streamSid;
    this.#port.send(
      serializeServerMessage(
        streamSid === undefined ? { event: "media", audio } : { event: "media", streamSid, audio },
      ),
    );
    return true;
  }

  message(message: ConnectionMessage): void {
    // A telephone provider understands media and clear, nothing else.
    if (this.#streamSid !== undefined) return;
    const told = compatMessage(message, { speaking: false });
    if (told) this.#port.send(serializeServerMessage(told));
  }

  clear(): void {
    const streamSid = this.#streamSid;
    this.#port.send(
      serializeServerMessage(streamSid === undefined ? { type: "clear_audio" } : { event: "clear", streamSid }),
    );
  }

  close(reason: CloseReason): Promise<void> {
    return this.#port.close(closeCodeFor(reason.code), reason.code);
  }

  /** The dialect has no goodbye. */
  bye(): void {}
}
