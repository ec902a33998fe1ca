import { type Signal, signal } from "@preact/signals";
import {
  type DeskMessage,
  type DeskRecording,
  type DeskStage,
  readDeskMessage,
  SoundHistory,
  type StageName,
} from "./model/desk.ts";

/** The name of the messages between page and server. */
const NAME = "sound";
/** Twelve seconds at 10 levels a second. */
const HISTORY = 120;

/** What the server does to the caller's sound, where it shows that: signals to show, and what a person can do. */
export class DeskStore {
  /** Undefined where the server has no desk. */
  readonly stages: Signal<readonly DeskStage[] | undefined> = signal(undefined);
  readonly recording: Signal<DeskRecording> = signal({ state: "off" });
  readonly history: SoundHistory = new SoundHistory(HISTORY);
  /** Called ten times a second while it is watched. */
  onLevel: (level: Extract<DeskMessage, { type: "level" }>) => void = () => {};
  /** Called once in a call whose microphone hears its loudspeaker. */
  onEcho: (couplingDb: number) => void = () => {};
  #echoTold = false;
  readonly #send: (name: string, payload: unknown) => void;
  #watching = false;

  /** @param send to the server, if there is a call. */
  constructor(send: (name: string, payload: unknown) => void) {
    this.#send = send;
  }

  /** A call begins, another than the one before. */
  begin(): void {
    this.stages.value = undefined;
    this.recording.value = { state: "off" };
    this.#echoTold = false;
    this.history.clear();
  }

  /** Its connection is there, also when that is another one. */
  connected(): void {
    this.#send(NAME, { type: "hello" });
    if (this.#watching) this.#send(NAME, { type: "watch", on: true });
  }

  /** The call is over; what was recorded of it can be heard. */
  ended(): void {
    const { address } = this.recording.value;
    this.stages.value = undefined;
    this.recording.value = address === undefined ? { state: "off" } : { state: "done", address };
  }

  hear(name: string, payload: unknown): void {
    const message = name === NAME ? readDeskMessage(payload) : undefined;
    if (message?.type === "state") {
      this.stages.value = message.stages;
      this.recording.value = message.recording;
    } else if (message?.type === "echo") {
      if (!this.#echoTold) this.onEcho(message.couplingDb);
      this.#echoTold = true;
    } else if (message) {
      this.history.push(message);
      this.onLevel(message);
    }
  }

  /** Whether somebody looks at the levels. */
  watch(on: boolean): void {
    if (on === this.#watching) return;
    this.#watching = on;
    this.history.clear();
    this.#send(NAME, { type: "watch", on });
  }

  switchStage(role: StageName, on: boolean): void {
    this.#send(NAME, { type: "switch", role, on });
  }

  record(action: "start" | "pause" | "resume" | "stop"): void {
    this.#send(NAME, { type: "record", action });
  }

  /** Deletes what was recorded, at the server. */
  async forget(address: URL): Promise<void> {
    this.recording.value = { state: "off" };
    await fetch(address, { method: "DELETE" }).catch(() => {});
  }
}
