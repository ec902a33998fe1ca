import type { V1ClientMessage } from "@roomkit/protocol";
import { unlessAborted } from "./abort.ts";
import type { AudioDevices } from "./browser/audio-io.ts";
import { listDevices } from "./browser/microphone.ts";
import { Emitter, type Unsubscribe } from "./emitter.ts";
import { VoiceClientError } from "./errors.ts";
import type { CallState, VoiceClientEvents } from "./events.ts";
import { type ResolvedOptions, resolveOptions, type VoiceClientOptions } from "./options.ts";
import { Call } from "./session/call.ts";

/** The rate a bare `Int16Array` is taken to have, Hz. */
const SAMPLE_RATE = 16_000;
/** As much text as a server takes in one message. */
const MAX_TEXT = 8_192;

/** Calls a RoomKit server from a browser page. One object for any number of calls, one at a time. */
export class VoiceClient {
  readonly #options: ResolvedOptions;
  readonly #events: Emitter<VoiceClientEvents>;
  #call: Call | undefined;
  /** The attempt under way. */
  #connecting: Promise<void> | undefined;
  #state: CallState = "idle";
  #muted = false;
  #inputDevice: string | undefined;
  #outputDevice: string | undefined;

  /** @throws VoiceClientError `invalid_option`. */
  constructor(options: VoiceClientOptions) {
    this.#options = resolveOptions(options);
    this.#events = new Emitter(this.#options.onHandlerError);
    this.#inputDevice = this.#options.microphone?.deviceId;
    this.#outputDevice = this.#options.outputDevice;
  }

  get state(): CallState {
    return this.#state;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** Whether a microphone is open. */
  get hasMicrophone(): boolean {
    return this.#call?.audio.hasMicrophone ?? false;
  }

  /** Calls `handler` for every event of that name from now on; returns the function that stops that. */
  on<K extends keyof VoiceClientEvents>(event: K, handler: (payload: VoiceClientEvents[K]) => unknown): Unsubscribe {
    return this.#events.on(event, handler);
  }

  /**
   * Starts a call: opens the microphone, then connects. Call it from a click or key press, or the page may stay silent.
   * Resolves when the microphone delivers and the server listens. While that is under way, another `connect` means the same call.
   *
   * @throws VoiceClientError `microphone_denied` and its like, `connection_failed`, `connection_timeout`, `unauthorized`,
   *   `aborted` (by `signal` or `disconnect`), `invalid_state` (there is a call already), or the server's code.
   */
  async connect(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { signal } = options;
    if (this.#connecting !== undefined) {
      await (signal ? unlessAborted(this.#connecting, signal) : this.#connecting);
      return;
    }
    if (this.#call) throw new VoiceClientError("invalid_state", "there is a call already");
    const connecting = this.#connect(signal).finally(() => {
      if (this.#connecting === connecting) this.#connecting = undefined;
    });
    this.#connecting = connecting;
    this.#setState("connecting");
    await connecting;
  }

  async #connect(signal: AbortSignal | undefined): Promise<void> {
    const call = new Call(this.#options, {
      // A handler may end the call in the middle of what it tells.
      emit: (event, payload) => this.#call === call && this.#events.emit(event, payload),
      onState: (state) => this.#call === call && this.#setState(state),
      onEnd: (reason, error) => {
        if (error) this.#events.emit("error", error);
        if (this.#call === call) this.#over(reason);
      },
    });
    this.#call = call;
    call.setMuted(this.#muted);
    try {
      await call.open({ inputDevice: this.#inputDevice, outputDevice: this.#outputDevice, signal });
    } catch (error) {
      if (this.#call === call) this.#over(error instanceof VoiceClientError ? error.code : undefined);
      throw error;
    }
  }

  /** Ends the call, or the attempt to make one. Resolves when microphone and speaker are released. */
  async disconnect(): Promise<void> {
    const call = this.#call;
    if (call === undefined) return;
    const closed = call.close();
    this.#over("client_closed");
    await closed;
  }

  /** Sends no microphone audio until `unmute`; the microphone stays open, so that going on is instant. */
  mute(): void {
    this.#setMuted(true);
  }

  unmute(): void {
    this.#setMuted(false);
  }

  /** Says something by typing. @throws VoiceClientError `not_connected`, `invalid_option` (empty, or over 8,192 characters). */
  sendText(text: string): void {
    if (text.trim() === "" || text.length > MAX_TEXT) {
      throw new VoiceClientError("invalid_option", `text must be 1 to ${MAX_TEXT} characters`);
    }
    this.#send({ event: "text", text });
  }

  /** Stops what the assistant is saying: at once here, then at the server. @throws VoiceClientError `not_connected`. */
  interrupt(): void {
    this.#connected().audio.clear(undefined);
    this.#send({ event: "interrupt" });
  }

  /** Presses keys of a telephone: 0-9, A-D, * and #. @throws VoiceClientError `not_connected`, `invalid_option`. */
  sendDtmf(digits: string): void {
    if (!/^[0-9A-D*#]{1,64}$/.test(digits)) throw new VoiceClientError("invalid_option", "digits are 0-9 A-D * #");
    for (const digit of digits) this.#send({ event: "dtmf", digit });
  }

  /** Sends a message to the server's application. @throws VoiceClientError `not_connected`, `invalid_option`. */
  sendData(name: string, payload: unknown): void {
    if (!/^[A-Za-z0-9_-]{1,128}$/.test(name)) throw new VoiceClientError("invalid_option", "a name is A-Z a-z 0-9 _ -");
    this.#send({ event: "data", name, payload });
  }

  /**
   * Plays a recording into the call as if it was spoken, in place of the microphone; resolves when all of it went out.
   * A bare `Int16Array` is mono at `sampleRate`, default 16,000 Hz.
   *
   * @throws VoiceClientError `not_connected`, `aborted`.
   */
  async sendSample(
    recording: AudioBuffer | Int16Array,
    options: { readonly sampleRate?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    await this.#connected().audio.playRecording(recording, options.sampleRate ?? SAMPLE_RATE, options.signal);
  }

  /** The microphones and speakers to choose from. */
  devices(): Promise<AudioDevices> {
    return listDevices();
  }

  /** Uses another microphone, now or for the next call. @throws VoiceClientError `microphone_denied` and its like. */
  async setInputDevice(deviceId: string): Promise<void> {
    await this.#call?.audio.openMicrophone({ ...this.#options.microphone, deviceId });
    this.#inputDevice = deviceId;
  }

  /** Uses another speaker, now or for the next call. @throws VoiceClientError `unsupported`, `speaker_not_found`. */
  async setOutputDevice(deviceId: string): Promise<void> {
    await this.#call?.audio.setOutputDevice(deviceId);
    this.#outputDevice = deviceId;
  }

  #setMuted(muted: boolean): void {
    if (muted === this.#muted) return;
    this.#muted = muted;
    this.#call?.setMuted(muted);
    this.#events.emit("muted", muted);
  }

  /** Whoever hears of it may call anew. */
  #over(reason: string | undefined): void {
    this.#call = this.#connecting = undefined;
    this.#setState("ended", reason);
  }

  #setState(state: CallState, reason?: string): void {
    const previous = this.#state;
    if (state === previous) return;
    this.#state = state;
    this.#events.emit("state", reason === undefined ? { state, previous } : { state, previous, reason });
  }

  #send(message: V1ClientMessage): void {
    this.#connected().send(message);
  }

  #connected(): Call {
    if (this.#call?.connected) return this.#call;
    throw new VoiceClientError("not_connected", "there is no connected call", { retryable: this.#call !== undefined });
  }
}
