import { type AudioDevices, type CallState, VoiceClientError, type VoiceClientEvents } from "@roomkit/client";
import type { CallClient } from "./options.ts";

/** A client without a server: a test says what becomes of it. It keeps to the rules of `VoiceClient`. */
export class FakeClient implements CallClient {
  state: CallState = "idle";
  muted = false;
  hasMicrophone = false;
  /** What the next opening of a microphone fails with. */
  microphoneError: VoiceClientError | undefined;
  readonly log: string[] = [];
  readonly #listeners = new Map<string, Set<(payload: never) => unknown>>();
  #connecting: { resolve(): void; reject(error: unknown): void } | undefined;

  /** Somebody has called with it, and neither ended the call nor been told that it ended. */
  get live(): boolean {
    return this.state !== "idle" && this.state !== "ended";
  }

  get listeners(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  on<K extends keyof VoiceClientEvents>(event: K, handler: (payload: VoiceClientEvents[K]) => unknown): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(handler));
    return () => listeners.delete(handler);
  }

  emit<K extends keyof VoiceClientEvents>(event: K, payload: VoiceClientEvents[K]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(payload as never);
  }

  become(state: CallState, reason?: string): void {
    const previous = this.state;
    if (state === previous) return;
    this.state = state;
    this.emit("state", { state, previous, reason });
  }

  connect(): Promise<void> {
    this.log.push("connect");
    const connected = new Promise<void>((resolve, reject) => {
      this.#connecting = { resolve, reject };
    });
    this.become("connecting");
    return connected;
  }

  /** The server listens. */
  up(): void {
    if (this.state !== "connecting") return;
    this.hasMicrophone = this.microphoneError === undefined;
    if (this.microphoneError) this.emit("error", this.microphoneError);
    this.emit("session", { id: "s", resumed: false, transport: "fake" });
    this.become("listening");
    this.#connecting?.resolve();
  }

  /** Does not come about, or is over. */
  fail(code: string): void {
    const error = new VoiceClientError(code, "as the test wants");
    if (this.state !== "connecting" && this.live) this.emit("error", error);
    this.hasMicrophone = false;
    this.become("ended", code);
    this.#connecting?.reject(error);
  }

  async disconnect(): Promise<void> {
    this.log.push("disconnect");
    this.hasMicrophone = false;
    if (this.live) this.become("ended", "client_closed");
    this.#connecting?.reject(new VoiceClientError("aborted", "the call was ended"));
    await Promise.resolve();
  }

  mute(): void {
    this.muted = true;
    this.emit("muted", true);
  }

  unmute(): void {
    this.muted = false;
    this.emit("muted", false);
  }

  sendText(text: string): void {
    this.#connected();
    this.log.push(`text ${text}`);
  }

  interrupt(): void {
    this.#connected();
    this.log.push("interrupt");
  }

  sendDtmf(digits: string): void {
    this.log.push(`dtmf ${digits}`);
  }

  sendData(name: string): void {
    this.#connected();
    this.log.push(`data ${name}`);
  }

  async sendSample(): Promise<void> {}

  async devices(): Promise<AudioDevices> {
    return {
      inputs: [
        { id: "a", label: "Built in" },
        { id: "b", label: "" },
      ],
      outputs: [],
    };
  }

  async setInputDevice(id: string): Promise<void> {
    this.log.push(`input ${id}`);
    await Promise.resolve();
    if (this.microphoneError) throw this.microphoneError;
    this.hasMicrophone = this.live;
  }

  async setOutputDevice(id: string): Promise<void> {
    this.log.push(`output ${id}`);
  }

  #connected(): void {
    if (!this.live || this.state === "connecting") throw new VoiceClientError("not_connected", "no call");
  }
}
