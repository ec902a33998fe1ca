import { abortedError } from "../abort.ts";
import { VoiceClientError } from "../errors.ts";
import { workletSource } from "../generated/worklets.ts";
import type { JitterOptions } from "../playback/jitter-buffer.ts";
import type { ReceivedAudio } from "../transport/transport.ts";
import {
  CAPTURE_PROCESSOR,
  type CaptureProcessorOptions,
  type FromCapture,
  type FromPlayback,
  PLAYBACK_PROCESSOR,
  type PlaybackProcessorOptions,
  type ToCapture,
  type ToPlayback,
} from "../worklets/messages.ts";
import type { AudioIO, AudioIOHandlers, AudioRates, MicrophoneOptions } from "./audio-io.ts";
import { AutoplayGuard } from "./autoplay.ts";
import { IncomingStream } from "./incoming-stream.ts";
import { assertCapable, canChooseOutput } from "./microphone.ts";
import { MicrophoneInput } from "./microphone-input.ts";

export interface WebAudioOptions {
  /** Where the audio-thread code is served; absent: a Blob URL. */
  readonly workletUrl?: string | URL | undefined;
  readonly jitter?: Partial<JitterOptions> | undefined;
}

/** The page's ears and mouth on Web Audio: one context, one worklet node for each direction. */
export class WebAudio implements AudioIO {
  readonly #options: WebAudioOptions;
  readonly #handlers: AudioIOHandlers;
  #context: AudioContext | undefined;
  #guard: AutoplayGuard | undefined;
  #capture: AudioWorkletNode | undefined;
  #playback: AudioWorkletNode | undefined;
  #microphone: MicrophoneInput | undefined;
  #outgoing: MediaStreamAudioDestinationNode | undefined;
  #incoming: IncomingStream | undefined;
  #meter: AudioWorkletNode | undefined;
  #rates: AudioRates = {};
  #outputDevice: string | undefined;
  #muted = false;

  constructor(options: WebAudioOptions, handlers: AudioIOHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  get hasMicrophone(): boolean {
    return this.#microphone?.open ?? false;
  }

  async start(): Promise<void> {
    assertCapable();
    // The browser's own rate: Firefox refuses a microphone of another one, and resampling twice helps nobody.
    const context = new AudioContext({ latencyHint: "interactive" });
    this.#context = context;
    this.#microphone = new MicrophoneInput(context, this.#handlers.onMicrophoneLost);
    this.#guard = new AutoplayGuard(context, this.#handlers.onBlocked);
    navigator.mediaDevices.addEventListener("devicechange", this.#handlers.onDevices);
    const { workletUrl } = this.#options;
    const blob =
      workletUrl === undefined ? URL.createObjectURL(new Blob([workletSource], { type: "text/javascript" })) : "";
    try {
      await context.audioWorklet.addModule(workletUrl ?? blob);
    } catch (cause) {
      throw new VoiceClientError("worklet_failed", "the audio worklet could not be loaded; see workletUrl", { cause });
    } finally {
      if (blob) URL.revokeObjectURL(blob);
    }
  }

  async openMicrophone(options: MicrophoneOptions): Promise<void> {
    if (this.#microphone === undefined) this.#running();
    await this.#microphone?.use(options);
  }

  setRates(rates: AudioRates, fresh: boolean): void {
    const context = this.#running();
    if (this.#capture === undefined || this.#rates.send !== rates.send) this.#makeCapture(context, rates.send);
    if (rates.receive === undefined) {
      this.#close(this.#playback);
      this.#playback = undefined;
    } else if (fresh || this.#rates.receive !== rates.receive) {
      this.#makePlayback(context, rates.receive);
    }
    this.#rates = rates;
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    this.#capture?.port.postMessage({ type: "mute", muted } satisfies ToCapture);
  }

  play({ utterance, offset, samples, end }: ReceivedAudio): void {
    const port = this.#playback?.port;
    // Transferred only when the array has its buffer to itself.
    const transfer = samples.byteLength === samples.buffer.byteLength ? [samples.buffer] : [];
    if (samples.length > 0)
      port?.postMessage({ type: "audio", utterance, offset, samples } satisfies ToPlayback, transfer);
    if (end) port?.postMessage({ type: "end", utterance } satisfies ToPlayback);
  }

  clear(upTo: number | undefined): void {
    this.#playback?.port.postMessage({ type: "clear", upTo } satisfies ToPlayback);
    this.#incoming?.hush();
  }

  outgoingStream(): MediaStream {
    this.#outgoing ??= this.#running().createMediaStreamDestination();
    this.#capture?.connect(this.#outgoing);
    return this.#outgoing.stream;
  }

  playStream(stream: MediaStream): void {
    const context = this.#running();
    this.#incoming?.close();
    if (this.#meter === undefined) {
      this.#meter = this.#node(context, CAPTURE_PROCESSOR, {} satisfies CaptureProcessorOptions);
      this.#meter.port.onmessage = ({ data }: MessageEvent<FromCapture>) => {
        if (data.type === "level") this.#handlers.onOutputLevel(data.db, undefined);
      };
      this.#connectSilently(context, this.#meter);
    }
    this.#incoming = new IncomingStream(context, stream, this.#meter, this.#handlers.onBlocked);
    // The one that was chosen may be unplugged by now: then the system's plays.
    if (this.#outputDevice !== undefined) this.#incoming.setSinkId(this.#outputDevice).catch(() => {});
  }

  async playRecording(
    recording: AudioBuffer | Int16Array,
    rate: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const context = this.#running();
    if (signal?.aborted) throw abortedError(signal);
    const source = context.createBufferSource();
    source.buffer = recording instanceof Int16Array ? toBuffer(recording, rate) : recording;
    source.connect(this.#capture as AudioWorkletNode, 0, 1);
    const onAbort = (): void => source.stop();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await new Promise<void>((resolve) => {
        source.onended = () => resolve();
        context.addEventListener("statechange", () => context.state === "closed" && resolve());
        source.start();
      });
    } finally {
      signal?.removeEventListener("abort", onAbort);
      source.disconnect();
    }
    if (signal?.aborted) throw abortedError(signal);
  }

  async setOutputDevice(deviceId: string): Promise<void> {
    const context = this.#running() as AudioContext & { setSinkId?(id: string): Promise<void> };
    if (!canChooseOutput())
      throw new VoiceClientError("unsupported", "this browser does not let a page choose its speaker");
    try {
      await context.setSinkId?.(deviceId);
      await this.#incoming?.setSinkId(deviceId);
      this.#outputDevice = deviceId;
    } catch (cause) {
      throw new VoiceClientError("speaker_not_found", "the speaker could not be used", { cause });
    }
  }

  async resume(): Promise<void> {
    await this.#context?.resume();
    await this.#incoming?.play();
    this.#handlers.onBlocked(false);
  }

  async close(): Promise<void> {
    const context = this.#context;
    this.#context = undefined;
    navigator.mediaDevices?.removeEventListener("devicechange", this.#handlers.onDevices);
    this.#guard?.close();
    this.#incoming?.close();
    this.#microphone?.close();
    for (const node of [this.#capture, this.#playback, this.#meter]) this.#close(node);
    this.#capture = this.#playback = this.#meter = this.#outgoing = this.#incoming = this.#microphone = undefined;
    if (context && context.state !== "closed") await context.close();
  }

  #running(): AudioContext {
    if (this.#context) return this.#context;
    throw new VoiceClientError("invalid_state", "the audio is not open");
  }

  #node(context: AudioContext, name: string, processorOptions: object, inputs = 1): AudioWorkletNode {
    return new AudioWorkletNode(context, name, {
      numberOfInputs: inputs,
      numberOfOutputs: 1,
      outputChannelCount: [1],
      processorOptions,
    });
  }

  #makeCapture(context: AudioContext, targetRate: number | undefined): void {
    this.#close(this.#capture);
    const node = this.#node(context, CAPTURE_PROCESSOR, { targetRate } satisfies CaptureProcessorOptions, 2);
    node.port.onmessage = ({ data }: MessageEvent<FromCapture>) => {
      if (data.type === "frame") this.#handlers.onFrame(data.offset, data.samples);
      else this.#handlers.onInputLevel(data.db);
    };
    this.#capture = node;
    this.#connectSilently(context, node);
    this.#microphone?.connect(node);
    if (this.#outgoing) node.connect(this.#outgoing);
    this.setMuted(this.#muted);
  }

  #makePlayback(context: AudioContext, sourceRate: number): void {
    this.#close(this.#playback);
    const options: PlaybackProcessorOptions = { sourceRate, jitter: this.#options.jitter ?? {} };
    const node = this.#node(context, PLAYBACK_PROCESSOR, options);
    node.port.onmessage = ({ data }: MessageEvent<FromPlayback>) => {
      if (data.type === "report") this.#handlers.onReport(data.report, data.underruns);
      else this.#handlers.onOutputLevel(data.db, data.stats);
    };
    node.connect(context.destination);
    this.#playback = node;
  }

  /** A node nobody listens to is not run by every browser: so it is listened to at no volume. */
  #connectSilently(context: AudioContext, node: AudioNode): void {
    const nothing = context.createGain();
    nothing.gain.value = 0;
    node.connect(nothing).connect(context.destination);
  }

  #close(node: AudioWorkletNode | undefined): void {
    if (node === undefined) return;
    node.port.postMessage({ type: "close" } satisfies ToCapture & ToPlayback);
    node.port.onmessage = null;
    node.disconnect();
  }
}

function toBuffer(samples: Int16Array, sampleRate: number): AudioBuffer {
  const buffer = new AudioBuffer({ length: Math.max(1, samples.length), sampleRate, numberOfChannels: 1 });
  buffer.copyToChannel(
    Float32Array.from(samples, (sample) => sample / 32_768),
    0,
  );
  return buffer;
}
