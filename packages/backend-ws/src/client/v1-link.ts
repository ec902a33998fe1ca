import type { CloseReason, ConnectionMessage, UtteranceId } from "@roomkit/core";
import { encodeAudioFrame, serializeServerMessage } from "@roomkit/protocol";
import { byeFor, type ConnectionLink, closeCodeFor, type PlayoutFrame, v1Message } from "@roomkit/transport-utils";
import type { SocketPort } from "../socket/port.ts";
import type { SampleCoder } from "./formats.ts";

export interface V1Context {
  readonly numberOf: (utterance: UtteranceId) => number;
  /** Age of the session, ms. */
  readonly sinceMs: () => number;
}

/** v1 on a socket: binary audio frames, JSON for the rest. */
export class V1Link implements ConnectionLink {
  readonly #port: SocketPort;
  readonly #coder: SampleCoder;
  readonly #softBytes: number;
  readonly #context: V1Context;
  #saidBye = false;

  constructor(port: SocketPort, coder: SampleCoder, softBytes: number, context: V1Context) {
    this.#port = port;
    this.#coder = coder;
    this.#softBytes = softBytes;
    this.#context = context;
  }

  audio(frame: PlayoutFrame): boolean {
    if (this.#port.bufferedBytes > this.#softBytes) return false;
    const { number, offset, end, samples } = frame;
    const audio = this.#coder.encode(samples);
    this.#port.send(encodeAudioFrame({ utterance: number, offset: offset >>> 0, end, audio }));
    return true;
  }

  together(work: () => void): void {
    this.#port.together(work);
  }

  message(message: ConnectionMessage): void {
    const { numberOf, sinceMs } = this.#context;
    this.#port.send(serializeServerMessage(v1Message(message, { numberOf, sinceMs: sinceMs() })));
  }

  raw(text: string): void {
    this.#port.send(text);
  }

  clear(number: number): void {
    this.#port.send(serializeServerMessage({ type: "clear", utterance: number }));
  }

  close(reason: CloseReason): Promise<void> {
    this.bye(reason);
    return this.#port.close(closeCodeFor(reason), reason.code);
  }

  /** Tells, once, that the connection will be closed. */
  bye(reason: CloseReason): void {
    if (this.#saidBye) return;
    this.#saidBye = true;
    this.#port.send(serializeServerMessage(byeFor(reason)));
  }
}
