import type {
  AudioCodec,
  AudioFormat,
  Clock,
  CloseReason,
  ConnectionMessage,
  InboundQuality,
  UtteranceId,
} from "@roomkit/core";
import {
  encodeAudioFrame,
  type ReadyLimits,
  type ReadyMessage,
  type ServerMessage,
  serializeServerMessage,
} from "@roomkit/protocol";
import { type ConnectionLink, compatMessage, type PlayoutFrame, v1Message } from "@roomkit/transport-utils";
import type { MediaCall } from "../host/media-host.ts";
import type { ControlChannel } from "./control-channel.ts";

export interface ClientLinkOptions {
  readonly control: ControlChannel;
  /** The track; undefined: audio takes the data channel. */
  readonly track: Pick<MediaCall, "send" | "sendDtmf"> | undefined;
  /** How the packets of the client's track arrive; undefined without one. */
  readonly inbound: () => InboundQuality | undefined;
  /** The track took this frame. */
  readonly onTracked: (frame: PlayoutFrame) => void;
  readonly mulaw: AudioCodec | undefined;
  readonly clock: Clock;
  /** When the connection began, ms on the clock. */
  readonly startedAt: number;
  readonly utteranceNumber: (utterance: UtteranceId) => number;
  readonly close: (reason: CloseReason) => Promise<void>;
}

/** What `ready` tells besides what is always the same. */
export interface Greeting {
  readonly session: string;
  readonly resume: string;
  readonly resumed: boolean;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly limits: ReadyLimits;
}

/** Past this many bytes on the data channel no audio is added: what is sent cannot be taken back. */
const AUDIO_BUFFERED_BYTES = 65_536;

/** Writes what the server has to say to one client, in the dialect that client speaks. */
export class ClientLink implements ConnectionLink {
  v1: boolean;
  readonly #options: ClientLinkOptions;

  constructor(options: ClientLinkOptions, v1: boolean) {
    this.#options = options;
    this.v1 = v1;
  }

  get inbound(): InboundQuality | undefined {
    return this.#options.inbound();
  }

  audio(frame: PlayoutFrame): boolean {
    const { control, track, mulaw } = this.#options;
    if (track) return frame.samples.length === 0 || this.#track(track, frame);
    if (!control.open || control.bufferedAmount > AUDIO_BUFFERED_BYTES) return false;
    if (this.v1) {
      const { buffer, byteOffset, byteLength } = frame.samples;
      const audio = new Uint8Array(buffer, byteOffset, byteLength);
      return control.trySend(
        encodeAudioFrame({ utterance: frame.number, offset: frame.offset, end: frame.end, audio }),
      );
    }
    if (frame.samples.length === 0 || !mulaw) return true;
    return control.trySend(serializeServerMessage({ event: "media", audio: mulaw.encode(frame.samples) }));
  }

  #track(track: Pick<MediaCall, "send" | "sendDtmf">, frame: PlayoutFrame): boolean {
    const took = frame.dtmf ? track.sendDtmf(frame.dtmf) : track.send(frame.samples);
    if (took) this.#options.onTracked(frame);
    return took;
  }

  message(message: ConnectionMessage): void {
    const { clock, startedAt, utteranceNumber } = this.#options;
    const out = this.v1
      ? v1Message(message, { numberOf: utteranceNumber, sinceMs: clock.now() - startedAt })
      : compatMessage(message, { speaking: true });
    if (out) this.say(out);
  }

  clear(number: number): void {
    this.say(this.v1 ? { type: "clear", utterance: number } : { type: "clear_audio" });
  }

  close(reason: CloseReason): Promise<void> {
    return this.#options.close(reason);
  }

  /** Sends a message of the protocol. */
  say(message: ServerMessage): void {
    this.#options.control.send(serializeServerMessage(message));
  }

  /** Sends an application's message as it is. */
  raw(text: string): void {
    this.#options.control.send(text);
  }

  /** The v1 answer to a hello. */
  greet({ inbound, outbound, ...rest }: Greeting): void {
    const audio: ReadyMessage["audio"] = {
      send: { codec: "pcm16", sampleRate: inbound.sampleRate },
      receive: { codec: "pcm16", sampleRate: outbound.sampleRate },
    };
    this.say({ event: "ready", protocol: 1, ...rest, audio });
  }
}
