import { type AudioFormat, type AudioFrame, RoomKitError, sameFormat } from "@roomkit/core";
import type { RealtimePort } from "./protocol.ts";

/** Keeps frames in another format than a session takes from the vendor, and says so once: frames come fifty times a second. */
export class FormatCheck {
  readonly #inbound: AudioFormat;
  readonly #provider: string;
  readonly #port: Pick<RealtimePort, "emit">;
  #reported = false;

  constructor(inbound: AudioFormat, provider: string, port: Pick<RealtimePort, "emit">) {
    this.#inbound = inbound;
    this.#provider = provider;
    this.#port = port;
  }

  /** Whether the frame is right. The first that is not is reported as `unsupported_format`, which ends nothing. */
  takes(frame: AudioFrame): boolean {
    if (sameFormat(frame, this.#inbound)) return true;
    if (!this.#reported) this.#port.emit({ type: "error", error: this.#errorFor(frame), fatal: false });
    this.#reported = true;
    return false;
  }

  #errorFor({ sampleRate, channels }: AudioFrame): RoomKitError {
    const right = `mono at ${this.#inbound.sampleRate} Hz`;
    const message = `${this.#provider} takes ${right} here, not ${channels} x ${sampleRate} Hz`;
    return new RoomKitError("unsupported_format", message, { details: { sampleRate, channels } });
  }
}
