import { randomBytes, randomInt } from "node:crypto";
import {
  type AudioFormat,
  type AudioFrame,
  type Clock,
  type CloseReason,
  Emitter,
  type RemoteCandidate,
  type Unsubscribe,
  type WebRTCDataChannel,
  type WebRTCPeer,
} from "@roomkit/core";
import {
  type DtmfFrame,
  PacingWheel,
  type TrackPlace,
  TrafficGuard,
  type TrafficLimits,
} from "@roomkit/transport-utils";
import type { AudioReceiver } from "../media/audio-receiver.ts";
import type { AudioSender } from "../media/audio-sender.ts";
import type { CallCoders } from "./coders.ts";
import type { MediaCall, MediaStats } from "./media-host.ts";

export interface LocalCallOptions {
  readonly peer: WebRTCPeer;
  readonly coders: CallCoders;
  readonly ssrc: number;
  readonly traffic: TrafficLimits;
  readonly clock: Clock;
  readonly onListenerError: (error: unknown) => void;
}

interface Events {
  readonly audio: AudioFrame;
  readonly digit: string;
  readonly excess: "warn" | "close";
  readonly placed: TrackPlace;
}

/** A random stream identifier (RFC 3550, 8.1). */
export function newSsrc(): number {
  return randomInt(1, 0xffff_ffff);
}

/** The media of one call on this thread. */
export class LocalCall implements MediaCall {
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly #options: LocalCallOptions;
  readonly #events: Emitter<Events>;
  readonly #guard: TrafficGuard;
  readonly #receiver: AudioReceiver | undefined;
  readonly #sender: AudioSender | undefined;
  readonly #dropped = new Map<string, number>();
  #stopTicking: Unsubscribe = () => {};

  constructor(options: LocalCallOptions) {
    this.#options = options;
    const { peer, coders, ssrc, traffic, clock, onListenerError } = options;
    this.inbound = coders.inbound;
    this.outbound = coders.outbound;
    this.#events = new Emitter<Events>(onListenerError);
    this.#guard = new TrafficGuard(clock, traffic);
    this.#sender = coders.sender({
      ssrc,
      firstSequence: randomBytes(2).readUInt16BE(0) >> 1,
      firstTimestamp: randomBytes(4).readUInt32BE(0),
      send: (packet) => peer.sendRtp(packet),
      onPlaced: (place) => this.#events.emit("placed", place),
    });
    this.#receiver = coders.receiver({
      onFrame: (frame) => this.#events.emit("audio", frame),
      onDigit: (digit) => this.#events.emit("digit", digit),
      admit: (ms) => this.#admit(ms),
      onDrop: (reason) => void this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1),
    });
    peer.onRtp((packet) => this.#receiver?.receive(packet, clock.now()));
    peer.onReport?.((report) => {
      if (peer.state !== "closed") this.#sender?.reported(report);
    });
    peer.onConnected(() => {
      this.#stopTicking = PacingWheel.shared(clock).subscribe((now) => this.#tick(now));
    });
    peer.onClosed(() => {
      this.#stopTicking();
      coders.close();
    });
  }

  get answer(): string {
    return this.#options.peer.answer;
  }

  get state(): "connecting" | "connected" | "closed" {
    return this.#options.peer.state;
  }

  get receives(): boolean {
    return this.#receiver !== undefined;
  }

  get sends(): boolean {
    return this.#sender !== undefined;
  }

  get stats(): MediaStats {
    return {
      peer: this.#options.peer.stats,
      audio: this.#receiver?.stats,
      mediaDropped: Object.fromEntries(this.#dropped),
    };
  }

  addCandidate(candidate: RemoteCandidate): void {
    this.#options.peer.addCandidate(candidate);
  }

  send(samples: Int16Array): boolean {
    const { peer, clock } = this.#options;
    return peer.state !== "closed" && (this.#sender?.send(samples, clock.now()) ?? false);
  }

  get dtmfEvents(): string {
    return this.#options.coders.dtmfEvents;
  }

  sendDtmf(frame: DtmfFrame): boolean {
    const { peer, clock } = this.#options;
    return peer.state !== "closed" && (this.#sender?.sendDtmf(frame, clock.now()) ?? false);
  }

  onPlaced(listener: (place: TrackPlace) => void): Unsubscribe {
    return this.#events.on("placed", listener);
  }

  onAudio(listener: (frame: AudioFrame) => void): Unsubscribe {
    return this.#events.on("audio", listener);
  }

  onDigit(listener: (digit: string) => void): Unsubscribe {
    return this.#events.on("digit", listener);
  }

  onExcess(listener: (verdict: "warn" | "close") => void): Unsubscribe {
    return this.#events.on("excess", listener);
  }

  onDataChannel(listener: (channel: WebRTCDataChannel) => void): Unsubscribe {
    return this.#options.peer.onDataChannel(listener);
  }

  onConnected(listener: () => void): Unsubscribe {
    return this.#options.peer.onConnected(listener);
  }

  onClosed(listener: (reason: CloseReason) => void): Unsubscribe {
    return this.#options.peer.onClosed(listener);
  }

  close(reason?: CloseReason): Promise<void> {
    return this.#options.peer.close(reason);
  }

  #tick(now: number): void {
    this.#receiver?.tick(now);
    this.#sender?.idle(now);
  }

  #admit(ms: number): boolean {
    const verdict = this.#guard.audio(ms);
    if (verdict === "warn" || verdict === "close") this.#events.emit("excess", verdict);
    return verdict === "pass";
  }
}
