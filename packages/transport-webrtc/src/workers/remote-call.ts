import {
  type AudioFormat,
  type AudioFrame,
  type CloseReason,
  ConnectionLife,
  Emitter,
  type RemoteCandidate,
  type Unsubscribe,
  type WebRTCDataChannel,
} from "@roomkit/core";
import type { DtmfFrame, TrackPlace } from "@roomkit/transport-utils";
import type { MediaCall, MediaRequest, MediaStats } from "../host/media-host.ts";
import { Credit, costOf, INBOUND_STEP_BYTES, Receipts, TRACK_FRAMES } from "./credit.ts";
import type { FromCall, OpenedCall, ToCall } from "./messages.ts";
import { RemoteChannel } from "./remote-channel.ts";
import { SendBuffer } from "./send-buffer.ts";

export interface RemoteCallOptions {
  readonly number: number;
  readonly request: MediaRequest;
  readonly opened: OpenedCall;
  readonly put: (message: ToCall) => void;
  readonly onListenerError: (error: unknown) => void;
}

interface Events {
  readonly audio: AudioFrame;
  readonly digit: string;
  readonly excess: "warn" | "close";
  readonly channel: WebRTCDataChannel;
  readonly placed: TrackPlace;
}

const NO_STATS: MediaStats = {
  peer: { received: 0, rtpReceived: 0, rtpSent: 0, dropped: {}, remoteAddresses: 0 },
  audio: undefined,
  mediaDropped: {},
};

/** A call in a media worker, as the main thread sees it. */
export class RemoteCall implements MediaCall {
  readonly answer: string;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly receives: boolean;
  readonly sends: boolean;
  readonly dtmfEvents: string;
  readonly #options: RemoteCallOptions;
  readonly #life: ConnectionLife;
  readonly #events: Emitter<Events>;
  readonly #frames = new Credit(TRACK_FRAMES);
  readonly #receipts: Receipts;
  readonly #channels = new Map<number, RemoteChannel>();
  readonly #buffer: SendBuffer;
  #stats: MediaStats = NO_STATS;
  #asked = false;

  constructor(options: RemoteCallOptions) {
    this.#options = options;
    const { opened, number, request, onListenerError, put } = options;
    this.answer = opened.answer;
    this.inbound = opened.inbound;
    this.outbound = opened.outbound;
    this.receives = opened.receives;
    this.sends = opened.sends;
    this.dtmfEvents = opened.dtmfEvents;
    this.#life = new ConnectionLife(onListenerError);
    this.#events = new Emitter<Events>(onListenerError);
    this.#receipts = new Receipts(INBOUND_STEP_BYTES, (bytes) => put({ type: "taken", call: number, bytes }));
    const { limits, offer } = request;
    this.#buffer = new SendBuffer(limits.bufferedBytes, Math.min(limits.messageBytes, offer.data?.maxMessageSize ?? 0));
  }

  get state(): "connecting" | "connected" | "closed" {
    return this.#life.state;
  }

  /** As of a quarter of a second ago at most. */
  get stats(): MediaStats {
    return this.#stats;
  }

  addCandidate(candidate: RemoteCandidate): void {
    this.#put({ type: "candidate", call: this.#options.number, candidate });
  }

  send(samples: Int16Array): boolean {
    if (this.state !== "connected" || !this.sends || !this.#frames.take(1)) return false;
    // A copy: whoever plays may use the array again before it is on its way.
    this.#put({ type: "audio", call: this.#options.number, samples: samples.slice() });
    return true;
  }

  sendDtmf(frame: DtmfFrame): boolean {
    if (this.state !== "connected" || !this.#frames.take(1)) return false;
    this.#put({ type: "dtmf", call: this.#options.number, frame });
    return true;
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
    return this.#events.on("channel", listener);
  }

  onConnected(listener: () => void): Unsubscribe {
    return this.#life.onConnected(listener);
  }

  onClosed(listener: (reason: CloseReason) => void): Unsubscribe {
    return this.#life.onClosed(listener);
  }

  close(reason?: CloseReason): Promise<void> {
    if (!this.#asked) this.#put({ type: "close", call: this.#options.number, reason });
    this.#asked = true;
    return new Promise((resolve) => {
      this.onClosed(() => resolve());
    });
  }

  /** What the worker tells of the call. */
  handle(message: FromCall): void {
    if (this.state === "closed") return;
    switch (message.type) {
      case "connected":
        this.#life.connect();
        return;
      case "audio": {
        const { samples, timestamp } = message;
        this.#receipts.add(costOf(samples));
        this.#events.emit("audio", { samples, timestamp, sampleRate: this.inbound.sampleRate, channels: 1 });
        return;
      }
      case "digit":
        this.#events.emit("digit", message.digit);
        return;
      case "excess":
        this.#events.emit("excess", message.verdict);
        return;
      case "channel":
        this.#addChannel(message.channel, message.id, message.label);
        return;
      case "message":
        this.#receipts.add(costOf(message.message));
        this.#channels.get(message.channel)?.receive(message.message);
        return;
      case "channel_closed":
        this.#channels.get(message.channel)?.end();
        return;
      case "placed":
        this.#events.emit("placed", message.place);
        return;
      case "frames_taken":
        this.#frames.give(message.frames);
        return;
      case "buffered":
        this.#buffer.report(message.handed, message.waiting);
        return;
      case "closed":
        this.#stats = message.stats;
        this.end(message.reason);
    }
  }

  /** Counters came. */
  report(stats: MediaStats): void {
    this.#stats = stats;
  }

  /** It is over, as the worker says, or because the worker says nothing any more. */
  end(reason: CloseReason): void {
    if (this.state === "closed") return;
    for (const channel of [...this.#channels.values()]) channel.end();
    this.#life.end(reason);
    this.#events.clear();
  }

  #put(message: ToCall): void {
    if (this.state !== "closed") this.#options.put(message);
  }

  #addChannel(channel: number, id: number, label: string): void {
    const call = this.#options.number;
    const made = new RemoteChannel({
      id,
      label,
      buffer: this.#buffer,
      send: (message) => this.#put({ type: "message", call, channel, message }),
      close: () => this.#put({ type: "close_channel", call, channel }),
      onListenerError: this.#options.onListenerError,
    });
    this.#channels.set(channel, made);
    made.onClose(() => this.#channels.delete(channel));
    this.#events.emit("channel", made);
  }
}
