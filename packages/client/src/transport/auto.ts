import type { ReadyMessage, V1ClientMessage } from "@roomkit/protocol";
import { abortedError, unlessAborted } from "../abort.ts";
import { VoiceClientError } from "../errors.ts";
import { expiredCodes } from "./close-reason.ts";
import { fetchConfig, type ServerConfig } from "./config.ts";
import type { Transport, TransportContext, TransportFactory, TransportStats } from "./transport.ts";
import type { WebRTCOptions } from "./webrtc/webrtc.ts";
import { WebSocketTransport } from "./websocket.ts";

/** WebRTC is not in the page before it is wanted. */
export type MakeWebRTC = (context: TransportContext, options?: WebRTCOptions) => Promise<Transport>;

/** Which transport gave the newest resume token: another one does not know it. */
interface Memory {
  resume?: string | undefined;
  transport?: Transport["name"] | undefined;
}

/**
 * Makes transports that choose for themselves, at every connection: WebRTC where the mount has it and a network path is found
 * within `fallbackAfterMs`, else WebSocket.
 */
export function autoTransport(makeWebRTC: MakeWebRTC, fallbackAfterMs: number): TransportFactory {
  const memory: Memory = {};
  return (context) => new AutoTransport(context, makeWebRTC, fallbackAfterMs, memory);
}

class AutoTransport implements Transport {
  readonly #context: TransportContext;
  readonly #makeWebRTC: MakeWebRTC;
  readonly #fallbackAfterMs: number;
  readonly #memory: Memory;
  #chosen: Transport | undefined;
  #fallback: string | undefined;

  constructor(context: TransportContext, makeWebRTC: MakeWebRTC, fallbackAfterMs: number, memory: Memory) {
    this.#context = context;
    this.#makeWebRTC = makeWebRTC;
    this.#fallbackAfterMs = fallbackAfterMs;
    this.#memory = memory;
  }

  get name(): string {
    return this.#chosen?.name ?? "auto";
  }

  get media(): Transport["media"] {
    return this.#chosen?.media ?? "frames";
  }

  get receivesFrames(): boolean {
    return this.#chosen?.receivesFrames ?? false;
  }

  get fallback(): string | undefined {
    return this.#fallback;
  }

  async connect(signal: AbortSignal): Promise<ReadyMessage> {
    const ready = await this.#choose(signal);
    this.#memory.resume = ready.resume;
    this.#memory.transport = this.name;
    return ready;
  }

  send(message: V1ClientMessage): void {
    this.#chosen?.send(message);
  }

  sendAudio(offset: number, samples: Int16Array): boolean {
    return this.#chosen?.sendAudio(offset, samples) ?? false;
  }

  async sendStream(stream: MediaStream): Promise<void> {
    await this.#chosen?.sendStream?.(stream);
  }

  async stats(): Promise<TransportStats | undefined> {
    return await this.#chosen?.stats?.();
  }

  async serverGone(): Promise<boolean> {
    return (await this.#chosen?.serverGone?.()) ?? false;
  }

  close(): void {
    this.#chosen?.close();
  }

  async #choose(signal: AbortSignal): Promise<ReadyMessage> {
    const context = this.#context;
    const { resume, transport } = this.#memory;
    // The conversation goes on where it is; whether WebRTC works by now is for the next call to find out.
    if (context.resume !== undefined && context.resume === resume && transport === "websocket") {
      return await this.#use(new WebSocketTransport(context), signal);
    }
    const config = await fetchConfig(context, signal);
    if (!config.webrtc) return await this.#use(new WebSocketTransport(context), signal);
    if (!config.websocket) {
      return await this.#use(await unlessAborted(this.#makeWebRTC(context, { config }), signal), signal);
    }
    return await this.#race(config, signal);
  }

  /**
   * Both connections are begun, but only one asks for a session: the WebSocket does so when WebRTC has failed, and is then open
   * already.
   */
  async #race(config: ServerConfig, signal: AbortSignal): Promise<ReadyMessage> {
    const spareSignal = new AbortController();
    const loading = new AbortController();
    const onAbort = (): void => {
      spareSignal.abort(abortedError(signal));
      loading.abort(abortedError(signal));
    };
    // Its file may come over a network that stalls.
    const cancel = this.#context.clock.setTimeout(
      () => loading.abort(new VoiceClientError("connection_timeout", "WebRTC was not loaded in time")),
      this.#fallbackAfterMs,
    );
    signal.addEventListener("abort", onAbort, { once: true });
    let start = (): void => {};
    const startWhen = new Promise<void>((resolve) => {
      start = resolve;
    });
    // A session of WebRTC is none that the other endpoint could continue.
    const spare = new WebSocketTransport({ ...this.#context, resume: undefined }, startWhen);
    const spareReady = spare.connect(spareSignal.signal);
    spareReady.catch(() => {});
    try {
      const made = this.#makeWebRTC(this.#context, { config, iceTimeoutMs: this.#fallbackAfterMs });
      const webrtc = await unlessAborted(made, loading.signal);
      cancel();
      const ready = await this.#use(webrtc, signal);
      spareSignal.abort(new VoiceClientError("aborted", "WebRTC was chosen"));
      return ready;
    } catch (cause) {
      const error = VoiceClientError.from(cause, "connection_failed");
      if (signal.aborted || expiredCodes.has(error.code)) {
        spareSignal.abort(error);
        throw error;
      }
      this.#fallback = error.code;
      this.#chosen = spare;
      start();
      return await spareReady;
    } finally {
      cancel();
      signal.removeEventListener("abort", onAbort);
    }
  }

  #use(transport: Transport, signal: AbortSignal): Promise<ReadyMessage> {
    this.#chosen = transport;
    return transport.connect(signal);
  }
}
