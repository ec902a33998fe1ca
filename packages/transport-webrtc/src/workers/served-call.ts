import { type Cancel, type Clock, type CloseReason, RoomKitError, type WebRTCDataChannel } from "@roomkit/core";
import { toWire } from "@roomkit/worker-pool";
import type { MediaCall, MediaHost, MediaRequest, MediaStats } from "../host/media-host.ts";
import { Credit, costOf, INBOUND_BYTES, Receipts, TRACK_STEP_FRAMES } from "./credit.ts";
import type { FromCall, FromWorker, ToCall } from "./messages.ts";
import { ownSamples } from "./outbox.ts";

const BUFFERED_EVERY_MS = 20;

export interface ServedCallOptions {
  readonly number: number;
  readonly request: MediaRequest;
  readonly host: MediaHost;
  readonly clock: Clock;
  readonly put: (message: FromWorker) => void;
  /** Nothing of it is left. */
  readonly onEnd: () => void;
}

/** A call in a media worker, as the worker's end of it: does what the main thread says and tells what happens. */
export class ServedCall {
  readonly #options: ServedCallOptions;
  readonly #opening = new AbortController();
  readonly #credit = new Credit(INBOUND_BYTES);
  readonly #frames: Receipts;
  readonly #channels = new Map<number, WebRTCDataChannel>();
  readonly #early: ToCall[] = [];
  #media: MediaCall | undefined;
  #channelCount = 0;
  #handed = 0;
  #reporting: Cancel | undefined;
  #dropped = 0;
  #refused = 0;
  /** Frames the track did not take: the other thread counts them. */
  #lost = 0;

  constructor(options: ServedCallOptions) {
    this.#options = options;
    this.#frames = new Receipts(TRACK_STEP_FRAMES, (frames) =>
      this.#put({ type: "frames_taken", call: this.#number, frames }),
    );
    void this.#open();
  }

  /** Undefined while it is being opened. */
  get stats(): MediaStats | undefined {
    return this.#media && this.#statsOf(this.#media);
  }

  #statsOf({ stats }: MediaCall): MediaStats {
    if (this.#dropped + this.#refused === 0) return stats;
    const { mediaDropped } = stats;
    return {
      ...stats,
      mediaDropped: { ...mediaDropped, main_thread_late: this.#dropped, data_not_sent: this.#refused },
    };
  }

  handle(message: ToCall): void {
    if (message.type === "taken") this.#credit.give(message.bytes);
    else if (message.type === "close" && !this.#media) this.#opening.abort();
    else if (this.#media) this.#do(message, this.#media);
    else this.#early.push(message);
  }

  get #number(): number {
    return this.#options.number;
  }

  #put(message: FromCall): void {
    this.#options.put(message);
  }

  async #open(): Promise<void> {
    const { request, host, put, onEnd } = this.#options;
    const call = this.#number;
    try {
      const { signal } = this.#opening;
      const media = await host.accept(request, signal);
      if (signal.aborted) {
        await media.close();
        throw new RoomKitError("aborted", "the offer was given up");
      }
      const { answer, inbound, outbound, receives, sends, dtmfEvents } = media;
      put({ type: "opened", call, opened: { answer, inbound, outbound, receives, sends, dtmfEvents } });
      this.#serve(media);
    } catch (thrown) {
      put({ type: "refused", call, error: toWire(thrown, "internal") });
      onEnd();
    }
  }

  #serve(media: MediaCall): void {
    const call = this.#number;
    this.#media = media;
    media.onConnected(() => this.#put({ type: "connected", call }));
    media.onAudio(({ samples, timestamp }) => {
      if (this.#credit.take(costOf(samples)))
        this.#put({ type: "audio", call, samples: ownSamples(samples), timestamp });
      else this.#dropped++;
    });
    media.onPlaced((place) =>
      this.#put({ type: "placed", call, place: { ...place, frame: place.frame + this.#lost } }),
    );
    media.onDigit((digit) => this.#put({ type: "digit", call, digit }));
    media.onExcess((verdict) => this.#put({ type: "excess", call, verdict }));
    media.onDataChannel((channel) => this.#addChannel(channel));
    media.onClosed((reason) => this.#ended(media, reason));
    for (const message of this.#early.splice(0)) this.#do(message, media);
  }

  #ended(media: MediaCall, reason: CloseReason): void {
    this.#reporting?.();
    this.#put({ type: "closed", call: this.#number, reason, stats: this.#statsOf(media) });
    this.#options.onEnd();
  }

  #addChannel(channel: WebRTCDataChannel): void {
    const call = this.#number;
    const number = ++this.#channelCount;
    this.#channels.set(number, channel);
    this.#put({ type: "channel", call, channel: number, id: channel.id, label: channel.label });
    channel.onMessage((message) => {
      if (this.#credit.take(costOf(message))) this.#put({ type: "message", call, channel: number, message });
      else this.#dropped++;
    });
    channel.onClose(() => {
      this.#channels.delete(number);
      this.#put({ type: "channel_closed", call, channel: number });
    });
  }

  #do(message: ToCall, media: MediaCall): void {
    switch (message.type) {
      case "candidate":
        media.addCandidate(message.candidate);
        return;
      case "audio":
        // Not taken is lost: offering it again later would only put it behind the sound that follows.
        if (!media.send(message.samples)) this.#lose();
        this.#frames.add(1);
        return;
      case "dtmf":
        if (!media.sendDtmf(message.frame)) this.#lose();
        this.#frames.add(1);
        return;
      case "message":
        this.#send(message.channel, message.message);
        return;
      case "close_channel":
        this.#channels.get(message.channel)?.close();
        return;
      case "close":
        media.close(message.reason).catch(() => {});
    }
  }

  #lose(): void {
    this.#refused++;
    this.#lost++;
  }

  #send(number: number, message: string | Uint8Array): void {
    const channel = this.#channels.get(number);
    this.#handed += typeof message === "string" ? Buffer.byteLength(message) : message.byteLength;
    // Its closing crossed the message on the way, or the engine's limits are narrower than they were said to be.
    if (!channel?.send(message)) this.#refused++;
    if (!this.#reporting) this.#reportBuffered();
  }

  /** Again and again until nothing waits. */
  #reportBuffered(): void {
    const waiting = Math.max(0, ...[...this.#channels.values()].map((channel) => channel.bufferedAmount));
    this.#put({ type: "buffered", call: this.#number, handed: this.#handed, waiting });
    this.#reporting =
      waiting > 0 ? this.#options.clock.setTimeout(() => this.#reportBuffered(), BUFFERED_EVERY_MS) : undefined;
  }
}
