import type { CloseReason } from "@roomkit/core";
import { serializeServerMessage } from "@roomkit/protocol";
import { type ConnectionLink, closeCodeFor, type PlayoutFrame } from "@roomkit/transport-utils";
import type { SampleCoder } from "../client/formats.ts";
import type { SocketPort } from "../socket/port.ts";
import { Marks } from "./marks.ts";

const SAMPLE_RATE = 8_000;
/** Audio between two marks, ms: how finely is known what a caller has heard. */
export const MARKS_MS = 200;

export interface PhoneLinkOptions {
  readonly streamSid: string;
  /** The provider has played so many samples of an utterance. */
  readonly report: (utterance: number, samples: number) => void;
}

/** A telephone provider's media stream: it understands media, mark and clear, and nothing else. */
export class PhoneLink implements ConnectionLink {
  readonly #port: SocketPort;
  readonly #coder: SampleCoder;
  readonly #softBytes: number;
  readonly #options: PhoneLinkOptions;
  /** What stands before the audio in every message: an id needs no escape. */
  readonly #before: string;
  readonly #marks = new Marks((SAMPLE_RATE * MARKS_MS) / 1000);

  constructor(port: SocketPort, coder: SampleCoder, softBytes: number, options: PhoneLinkOptions) {
    this.#port = port;
    this.#coder = coder;
    this.#softBytes = softBytes;
    this.#options = options;
    this.#before = `{"event":"media","streamSid":"${options.streamSid}","media":{"payload":"`;
  }

  audio(frame: PlayoutFrame): boolean {
    const { streamSid } = this.#options;
    if (frame.samples.length > 0) {
      if (this.#port.bufferedBytes > this.#softBytes) return false;
      this.#port.sendBase64(this.#before, this.#coder.encode(frame.samples), '"}}');
    }
    const name = this.#marks.after(frame);
    if (name !== undefined) this.#port.send(serializeServerMessage({ event: "mark", streamSid, mark: { name } }));
    return true;
  }

  together(work: () => void): void {
    this.#port.together(work);
  }

  /** A mark came back. */
  marked(name: string): void {
    for (const { utterance, samples } of this.#marks.returned(name)) this.#options.report(utterance, samples);
  }

  message(): void {}

  /** A telephone has no place for an application's messages. */
  raw(): void {}

  clear(): void {
    // What comes back now was dropped.
    this.#marks.clear();
    this.#port.send(serializeServerMessage({ event: "clear", streamSid: this.#options.streamSid }));
  }

  close(reason: CloseReason): Promise<void> {
    return this.#port.close(closeCodeFor(reason), reason.code);
  }

  /** The framing has no goodbye. */
  bye(): void {}
}
