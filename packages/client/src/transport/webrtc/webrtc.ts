import { type ReadyMessage, serializeV1ClientMessage, type V1ClientMessage } from "@roomkit/protocol";
import { abortedError, unlessAborted } from "../../abort.ts";
import { VoiceClientError } from "../../errors.ts";
import { fetchConfig, foreignServer, type ServerConfig, serverGone } from "../config.ts";
import { MessageReader, readAnswer } from "../server-messages.ts";
import type { Transport, TransportContext, TransportStats } from "../transport.ts";
import { PlayoutReporter } from "./playout-reporter.ts";
import { readStats } from "./read-stats.ts";
import { Signalling } from "./signalling.ts";

export interface WebRTCOptions {
  /** What the server was asked already. */
  readonly config?: ServerConfig | undefined;
  /** A network path must be found within this time, ms; else `connection_timeout`. Default: whenever `connect` is aborted. */
  readonly iceTimeoutMs?: number | undefined;
}

/** A path that is lost may come back by itself for so long, ms; then the call connects anew. */
const RECOVER_MS = 4_000;
/** How long the last messages may take to leave, ms. */
const FAREWELL_MS = 250;

/** Audio on tracks and messages on a data channel of one peer connection, protocol v1. */
export class WebRTCTransport implements Transport {
  readonly name = "webrtc";
  readonly media = "stream";
  readonly #context: TransportContext;
  readonly #options: WebRTCOptions;
  readonly #signalling: Signalling;
  #peer: RTCPeerConnection | undefined;
  #channel: RTCDataChannel | undefined;
  #microphone: RTCRtpSender | undefined;
  #playout: PlayoutReporter | undefined;
  #ready = false;
  #cancelRecovery: (() => void) | undefined;
  #receivesFrames = false;

  constructor(context: TransportContext, options: WebRTCOptions = {}) {
    this.#context = context;
    this.#options = options;
    this.#signalling = new Signalling(context);
  }

  get receivesFrames(): boolean {
    return this.#receivesFrames;
  }

  async connect(signal: AbortSignal): Promise<ReadyMessage> {
    const { clock } = this.#context;
    const attempt = new AbortController();
    const onAbort = (): void => attempt.abort(abortedError(signal));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    const { iceTimeoutMs } = this.#options;
    const cancel =
      iceTimeoutMs === undefined
        ? undefined
        : clock.setTimeout(() => {
            if (this.#peer?.connectionState === "connected") return;
            const message = `no network path within ${iceTimeoutMs} ms`;
            attempt.abort(new VoiceClientError("connection_timeout", message, { retryable: true }));
          }, iceTimeoutMs);
    try {
      return await unlessAborted(this.#connect(attempt.signal), attempt.signal);
    } catch (cause) {
      const error = VoiceClientError.from(cause, "connection_failed");
      // Called off: nobody comes back to a session whose `ready` may be on its way.
      this.#ready = error.code === "aborted";
      this.send({ event: "stop" });
      this.close();
      throw error;
    } finally {
      cancel?.();
      signal.removeEventListener("abort", onAbort);
    }
  }

  send(message: V1ClientMessage): void {
    if (!this.#ready || this.#channel?.readyState !== "open") return;
    this.#channel.send(serializeV1ClientMessage(message));
  }

  /** Audio goes on a track. */
  sendAudio(): boolean {
    return false;
  }

  async sendStream(stream: MediaStream): Promise<void> {
    await this.#microphone?.replaceTrack(stream.getAudioTracks()[0] ?? null);
  }

  async stats(): Promise<TransportStats | undefined> {
    const report = await this.#peer?.getStats();
    if (report === undefined) return undefined;
    this.#playout?.measure(report);
    return readStats(report);
  }

  serverGone(): Promise<boolean> {
    return serverGone(this.#context);
  }

  close(): void {
    const peer = this.#peer;
    const channel = this.#channel;
    this.#peer = this.#channel = this.#microphone = undefined;
    this.#ready = false;
    this.#cancelRecovery?.();
    this.#playout?.close();
    this.#signalling.close();
    if (peer === undefined) return;
    peer.onconnectionstatechange = peer.onicecandidate = peer.ontrack = null;
    if (channel) channel.onmessage = null;
    if (channel?.readyState !== "open") {
      peer.close();
      return;
    }
    // What was sent last, such as "stop", leaves before the channel closes; the peer would not wait for it.
    const cancel = this.#context.clock.setTimeout(() => peer.close(), FAREWELL_MS);
    channel.onclose = () => {
      cancel();
      peer.close();
    };
    channel.close();
  }

  async #connect(signal: AbortSignal): Promise<ReadyMessage> {
    if (signal.aborted) throw abortedError(signal);
    if (typeof RTCPeerConnection === "undefined")
      throw new VoiceClientError("unsupported", "this browser has no WebRTC");
    const { iceServers, webrtc, foreign } = this.#options.config ?? (await fetchConfig(this.#context, signal));
    if (foreign) throw foreignServer(this.#context.url);
    if (!webrtc) throw new VoiceClientError("unknown_path", `${this.#context.url.pathname} has no WebRTC endpoint`);
    if (signal.aborted) throw abortedError(signal);

    const peer = new RTCPeerConnection({ iceServers: [...iceServers] });
    this.#peer = peer;
    const channel = peer.createDataChannel("text");
    channel.binaryType = "arraybuffer";
    this.#channel = channel;
    const audio = peer.addTransceiver("audio", { direction: "sendrecv" });
    this.#microphone = audio.sender;
    const ready = this.#handshake(peer, channel);
    // Whatever fails first is what is told.
    ready.catch(() => {});
    peer.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) this.#signalling.candidate(candidate.toJSON());
    };
    const offer = await peer.createOffer();
    await peer.setLocalDescription(offer);
    const answer = await this.#signalling.offer(offer.sdp ?? "");
    if (signal.aborted) throw abortedError(signal);
    await peer.setRemoteDescription({ type: "answer", sdp: answer });
    // A server that sends no track sends audio as messages.
    this.#receivesFrames = !/recv/.test(audio.currentDirection ?? "");
    const message = await ready;
    // In the same moment: what was closed is not listened to.
    if (signal.aborted) throw abortedError(signal);
    this.#listen(peer, channel, message, audio.receiver);
    return message;
  }

  /** The server greets on the data channel once there is one. */
  #handshake(peer: RTCPeerConnection, channel: RTCDataChannel): Promise<ReadyMessage> {
    return new Promise((resolve, reject) => {
      const fail = (message: string): void =>
        reject(new VoiceClientError("connection_failed", message, { retryable: true }));
      peer.onconnectionstatechange = () => {
        if (peer.connectionState === "failed") fail("no network path to the server was found");
      };
      channel.onclose = () => fail("the data channel closed before the server was ready");
      channel.onmessage = ({ data }) => {
        const answer = typeof data === "string" ? readAnswer(data) : undefined;
        if (answer instanceof VoiceClientError) reject(answer);
        else if (answer) resolve(answer);
      };
    });
  }

  #listen(peer: RTCPeerConnection, channel: RTCDataChannel, ready: ReadyMessage, receiver: RTCRtpReceiver): void {
    const { handlers, clock } = this.#context;
    const reader = new MessageReader(ready);
    this.#ready = true;
    channel.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === "string") {
        const message = reader.message(data);
        if (message && "type" in message && message.type === "clear") this.#playout?.cleared(message.utterance);
        if (message) handlers.onMessage(message);
      } else {
        const audio = reader.audio(data);
        if (audio) handlers.onAudio(audio);
      }
    };
    channel.onclose = () => this.#lost("the server closed the data channel");
    peer.onconnectionstatechange = () => this.#onState(peer);
    if (this.#receivesFrames) return;
    this.#playout = this.#reportPlayout(peer, receiver);
    // Not before `connect` has resolved. Soon all the same: what waits in the browser's jitter buffer is a delay for the whole call.
    clock.setTimeout(() => {
      if (this.#peer === peer) handlers.onStream(new MediaStream([receiver.track]));
    }, 0);
  }

  /** One report that is lost does not hold up the next; the last of what was silenced must come. */
  #reportPlayout(peer: RTCPeerConnection, receiver: RTCRtpReceiver): PlayoutReporter {
    const channel = peer.createDataChannel("playout", { ordered: false, maxRetransmits: 0 });
    return new PlayoutReporter({
      receiver,
      clock: this.#context.clock,
      send: (report) => {
        const open = channel.readyState === "open";
        if (open) channel.send(serializeV1ClientMessage(report));
        if (!open || report.cleared !== undefined) this.send(report);
      },
    });
  }

  #onState(peer: RTCPeerConnection): void {
    const { clock } = this.#context;
    this.#cancelRecovery?.();
    this.#cancelRecovery = undefined;
    const state = peer.connectionState;
    if (state === "failed" || state === "closed") this.#lost(`the peer connection is ${state}`);
    else if (state === "disconnected")
      this.#cancelRecovery = clock.setTimeout(() => this.#lost("the network path was lost"), RECOVER_MS);
  }

  #lost(message: string): void {
    if (!this.#ready) return;
    this.close();
    this.#context.handlers.onClose({ code: "connection_lost", message, retryable: true });
  }
}
