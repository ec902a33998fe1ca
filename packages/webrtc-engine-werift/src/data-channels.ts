import { Emitter, type Unsubscribe, type WebRTCDataChannel, type WebRTCPeerLimits } from "@roomkit/core";
import { ACK, type ChannelOpen, PPID, readChannelOpen } from "./dcep.ts";
import { SCTP_ENDING, SCTP_ESTABLISHED, type SctpInternals } from "./internals.ts";

const MAX_LABEL_BYTES = 256;
/** Pieces of unfinished messages and gaps a client may leave us holding. */
const MAX_GAPS = 512;
const WINDOW = 1024 * 1024;

export interface DataChannelsOptions {
  readonly sctp: SctpInternals;
  readonly limits: WebRTCPeerLimits;
  /** Largest message the client takes. */
  readonly remoteMaxMessageSize: number;
  readonly onChannel: (channel: WebRTCDataChannel) => void;
  /** Something was dropped, by reason. */
  readonly onDrop: (reason: string) => void;
  /** The association is over: the client aborts it or shuts it down, as peer connections do that close, or answers no more. */
  readonly onEnd: () => void;
  /** The client broke a limit that leaves nothing to do but end it. */
  readonly onAbuse: (message: string) => void;
  readonly onListenerError: (error: unknown) => void;
}

/**
 * The data channels of one client, on werift's SCTP. Channel handling is done here and not by werift's own: that accepts any
 * number of channels with any label, and turns malformed input into unhandled rejections.
 */
export class DataChannels {
  readonly #options: DataChannelsOptions;
  readonly #channels = new Map<number, Channel>();
  #buffered = 0;
  /** Resolves when everything that was sent is on its way. */
  #sent: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: DataChannelsOptions) {
    this.#options = options;
    const { sctp } = options;
    sctp.onReceive.allUnsubscribe();
    sctp.onReceive.subscribe((streamId, ppid, data) => this.#receive(streamId, ppid, data));
    sctp.onReconfigStreams.subscribe((ids) => {
      for (const id of ids) this.#remove(id);
    });
    sctp.stateChanged.closed.subscribe(() => this.#end());
  }

  /** Gives SCTP one packet. Never throws and never rejects. */
  handlePacket(data: Buffer): void {
    const { sctp, onDrop, onAbuse, limits } = this.#options;
    if (this.#closed) return;
    sctp.handleData(data).then(
      // Whoever shuts down has been given all it waited for. werift goes on waiting: it takes the last word for none of its own.
      () => sctp.associationState >= SCTP_ENDING && this.#end(),
      () => onDrop("sctp_malformed"),
    );
    // What is received and not yet handed on is either a message that never ends or one with a hole in it.
    const held = WINDOW - sctp.advertisedRwnd;
    if (held > 2 * limits.messageBytes + 65_536) onAbuse("too much unfinished data");
    else if (sctp.sackMisOrdered.size > MAX_GAPS) onAbuse("too many gaps in the data");
  }

  #end(): void {
    if (this.#closed) return;
    this.close();
    this.#options.onEnd();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const id of [...this.#channels.keys()]) this.#remove(id);
  }

  #receive(streamId: number, ppid: number, data: Buffer): void {
    const { limits, onDrop } = this.#options;
    if (ppid === PPID.dcep) {
      this.#establish(streamId, data);
      return;
    }
    const channel = this.#channels.get(streamId);
    if (!channel) {
      onDrop("data_unknown_channel");
      return;
    }
    if (data.length > limits.messageBytes) {
      onDrop("data_too_large");
      this.#options.onAbuse("a data channel message was too large");
      return;
    }
    if (ppid === PPID.text) channel.emitMessage(data.toString("utf8"));
    else if (ppid === PPID.binary) channel.emitMessage(Uint8Array.from(data));
    else if (ppid === PPID.emptyText) channel.emitMessage("");
    else if (ppid === PPID.emptyBinary) channel.emitMessage(new Uint8Array(0));
    else onDrop("data_unknown_protocol");
  }

  #establish(streamId: number, data: Buffer): void {
    const { limits, onDrop, onChannel } = this.#options;
    const open = readChannelOpen(data, MAX_LABEL_BYTES);
    if (!open) {
      onDrop("dcep_malformed");
      return;
    }
    if (!this.#channels.has(streamId)) {
      if (this.#channels.size >= limits.dataChannels) {
        onDrop("too_many_channels");
        // Its stream is reset at once, which the client sees as a closed channel.
        this.#resetStream(streamId);
        return;
      }
      const channel = new Channel(streamId, open, {
        send: (ppid, bytes) => this.#send(streamId, open, ppid, bytes),
        bufferedAmount: () => this.#buffered,
        close: () => {
          // The reset would overtake what waits.
          void this.#sent.then(() => this.#resetStream(streamId));
          this.#remove(streamId);
        },
        onListenerError: this.#options.onListenerError,
      });
      this.#channels.set(streamId, channel);
      onChannel(channel);
    }
    this.#transmit(streamId, PPID.dcep, ACK, { ordered: true, maxRetransmits: undefined }).catch(() => {});
  }

  #send(streamId: number, open: ChannelOpen, ppid: number, data: Buffer): boolean {
    const { limits, remoteMaxMessageSize, onDrop, sctp } = this.#options;
    const size = data.length;
    if (this.#closed || sctp.associationState !== SCTP_ESTABLISHED) return false;
    if (size > Math.min(limits.messageBytes, remoteMaxMessageSize) || this.#buffered + size > limits.bufferedBytes) {
      onDrop("data_send_buffer_full");
      return false;
    }
    this.#buffered += size;
    const done = (): void => {
      this.#buffered -= size;
    };
    this.#sent = this.#transmit(streamId, ppid, data, open).then(done, done);
    return true;
  }

  #transmit(
    streamId: number,
    ppid: number,
    data: Buffer,
    open: Pick<ChannelOpen, "ordered" | "maxRetransmits">,
  ): Promise<void> {
    const { ordered, maxRetransmits } = open;
    return this.#options.sctp.send(streamId, ppid, data, { expiry: undefined, maxRetransmits, ordered });
  }

  #resetStream(streamId: number): void {
    const { sctp } = this.#options;
    if (this.#closed || sctp.associationState !== SCTP_ESTABLISHED || sctp.reconfigQueue.includes(streamId)) return;
    sctp.reconfigQueue.push(streamId);
    sctp.transmitReconfigRequest().catch(() => {});
  }

  #remove(streamId: number): void {
    const channel = this.#channels.get(streamId);
    this.#channels.delete(streamId);
    channel?.emitClose();
  }
}

interface ChannelHost {
  readonly send: (ppid: number, data: Buffer) => boolean;
  readonly bufferedAmount: () => number;
  readonly close: () => void;
  readonly onListenerError: (error: unknown) => void;
}

class Channel implements WebRTCDataChannel {
  readonly id: number;
  readonly label: string;
  readonly #host: ChannelHost;
  readonly #events: Emitter<{ message: string | Uint8Array; close: undefined }>;
  #closed = false;

  constructor(id: number, open: ChannelOpen, host: ChannelHost) {
    this.id = id;
    this.label = open.label;
    this.#host = host;
    this.#events = new Emitter(host.onListenerError);
  }

  get closed(): boolean {
    return this.#closed;
  }

  get bufferedAmount(): number {
    return this.#host.bufferedAmount();
  }

  send(message: string | Uint8Array): boolean {
    if (this.#closed) return false;
    const text = typeof message === "string";
    const data = text
      ? Buffer.from(message, "utf8")
      : Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    // SCTP has no empty messages: one byte stands for them (RFC 8831, 6.6).
    if (data.length === 0) return this.#host.send(text ? PPID.emptyText : PPID.emptyBinary, Buffer.of(0));
    return this.#host.send(text ? PPID.text : PPID.binary, data);
  }

  onMessage(listener: (message: string | Uint8Array) => void): Unsubscribe {
    return this.#events.on("message", listener);
  }

  onClose(listener: () => void): Unsubscribe {
    if (this.#closed) {
      listener();
      return () => {};
    }
    return this.#events.on("close", listener);
  }

  close(): void {
    if (!this.#closed) this.#host.close();
  }

  emitMessage(message: string | Uint8Array): void {
    if (!this.#closed) this.#events.emit("message", message);
  }

  emitClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.emit("close", undefined);
    this.#events.clear();
  }
}
