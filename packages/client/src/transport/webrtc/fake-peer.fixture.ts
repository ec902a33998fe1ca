import type { ClientMessage, ReadyMessage, ServerMessage } from "@roomkit/protocol";
import { encodeAudioFrame, parseClientMessage, serializeServerMessage } from "@roomkit/protocol";
import { ready } from "../scripted-socket.fixture.ts";

/** A data channel whose other end is a test. */
export class FakeChannel {
  readyState = "connecting";
  binaryType = "blob";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly received: ClientMessage[] = [];
  /** Closing waits for `finishClosing`, as it does for what is still to be sent. */
  closing = false;

  send(data: string): void {
    const result = parseClientMessage(data);
    if (!result.ok) throw new Error(`the client sent what a server refuses: ${result.message}`);
    this.received.push(result.message);
  }

  close(): void {
    this.closing = true;
    this.readyState = "closing";
  }

  finishClosing(): void {
    this.readyState = "closed";
    this.onclose?.();
  }

  say(message: ServerMessage): void {
    this.onmessage?.({ data: serializeServerMessage(message) });
  }

  speak(utterance: number, samples: Int16Array): void {
    const audio = new Uint8Array(samples.buffer);
    this.onmessage?.({ data: encodeAudioFrame({ utterance, offset: 0, end: true, audio }).buffer as ArrayBuffer });
  }
}

/** A peer connection that finds its way when the test says so. */
export class FakePeer {
  static peers: FakePeer[] = [];
  static get last(): FakePeer {
    return FakePeer.peers.at(-1) as FakePeer;
  }

  readonly configuration: RTCConfiguration;
  readonly channel = new FakeChannel();
  /** For reports of how far the track was played. */
  readonly playout = new FakeChannel();
  /** What the browser gave to its speaker last. */
  sources: { source: number; rtpTimestamp: number; timestamp: number }[] = [];
  connectionState = "new";
  onconnectionstatechange: (() => void) | null = null;
  onicecandidate: ((event: { candidate: { candidate: string; toJSON(): RTCIceCandidateInit } | null }) => void) | null =
    null;
  ontrack: (() => void) | null = null;
  closed = false;
  channelLabel = "";
  sentTrack: unknown;
  /** What the answer lets the audio do. */
  direction = "sendrecv";
  remoteSdp = "";

  constructor(configuration: RTCConfiguration) {
    this.configuration = configuration;
    FakePeer.peers.push(this);
  }

  createDataChannel(label: string): FakeChannel {
    if (label === "playout") return this.playout;
    this.channelLabel = label;
    return this.channel;
  }

  addTransceiver(): unknown {
    const peer = this;
    return {
      sender: {
        replaceTrack: async (track: unknown) => {
          peer.sentTrack = track;
        },
      },
      receiver: { track: "remote track", getSynchronizationSources: () => peer.sources },
      get currentDirection() {
        return peer.direction;
      },
    };
  }

  async createOffer(): Promise<RTCSessionDescriptionInit> {
    return { type: "offer", sdp: this.channelLabel === "" ? "too early" : "v=0 offer" };
  }

  async setLocalDescription(): Promise<void> {}

  async setRemoteDescription({ sdp = "" }: RTCSessionDescriptionInit): Promise<void> {
    this.remoteSdp = sdp;
  }

  async getStats(): Promise<Map<string, unknown>> {
    return new Map([["O", { id: "O", type: "outbound-rtp", kind: "audio", packetsSent: 7 }]]);
  }

  close(): void {
    this.closed = true;
  }

  find(candidate: string): void {
    const init = { candidate, sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "u" };
    this.onicecandidate?.({ candidate: candidate === "" ? null : { candidate, toJSON: () => init } });
  }

  become(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  /** The path is found, the channel opens, and the server greets. */
  greet(how: Partial<ReadyMessage> = {}): void {
    this.become("connected");
    this.channel.readyState = "open";
    this.channel.onopen?.();
    this.channel.say({ ...ready, ...how });
  }
}
