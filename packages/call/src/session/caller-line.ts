import {
  type AudioFrame,
  type ConnectionInput,
  type DtmfEvent,
  isDtmfDigit,
  type PipelineEvents,
  type SessionStatus,
  type StageControl,
  type Unsubscribe,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import type { CallRoom } from "../room.ts";
import { Digits } from "./digits.ts";
import { Levels } from "./levels.ts";

/** Who has the floor, as the client is shown it. */
export type ClientState = "listening" | "thinking" | "speaking";

/** What a call knows of its session's status; what its room does with it the channel adds. */
export type CallStatus = Omit<SessionStatus, "muted" | "outputMuted">;

export interface CallerLineOptions {
  readonly room: CallRoom;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  /** The caller typed something. */
  readonly onText: (text: string) => void;
  /** The caller pressed stop. */
  readonly onInterrupt: () => void;
  /** The caller's microphone was switched off, or on again. */
  readonly onMute?: ((muted: boolean) => void) | undefined;
}

/** The caller's end of a call: what of it may pass, what their client says besides audio, and what it is shown. */
export class CallerLine {
  readonly #options: CallerLineOptions;
  readonly #levels: Levels;
  readonly #digits: Digits;
  readonly #stop: Unsubscribe[];
  #muted = false;
  #shown: ClientState | undefined;
  #closed = false;

  constructor(options: CallerLineOptions) {
    const { room, session, connection } = options;
    this.#options = options;
    this.#levels = new Levels(room, session);
    this.#digits = new Digits(room.clock, (event) =>
      room.notifyHooks("ON_DTMF", { session, roomId: session.roomId, ...event }),
    );
    this.#stop = [
      connection.onInput((input) => this.#onInput(input)),
      connection.onPlayed((frame) => this.#levels.outbound(frame)),
    ];
  }

  /** Whether what the caller says may enter the room now. */
  get mayWrite(): boolean {
    return !this.#closed && this.#options.room.mayWrite;
  }

  /** Whether the caller's voice may: not while they are muted. */
  get mayHear(): boolean {
    return !this.#muted && this.mayWrite;
  }

  /** Whether anything may be spoken to the caller now. */
  get mayListen(): boolean {
    return !this.#closed && this.#options.room.mayRead;
  }

  /** How the call stands, as far as it is known here. */
  status(stages: StageControl | undefined): CallStatus {
    const { quality } = this.#options.connection;
    const [state, microphoneOff] = [this.#shown ?? "listening", this.#muted];
    return { state, microphoneOff, quality, stages: stages?.list() ?? [] };
  }

  /** A frame of the caller that was let through. */
  heard(frame: AudioFrame): void {
    this.#levels.inbound(frame);
  }

  /** What the pipeline has made of such frames. */
  processed(event: PipelineEvents["frame"]): void {
    this.#levels.processed(event);
  }

  /** A touch tone in the caller's audio; the client may tell of the same key, too. */
  dtmf(event: DtmfEvent): void {
    this.#digits.inBand(event);
  }

  /** Tells the client who has the floor, when that changed; `again`: also when not. */
  show(state: ClientState, again = false): void {
    if (this.#closed || (state === this.#shown && !again)) return;
    this.#shown = state;
    this.#options.connection.send({ type: "state", state: state });
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stop) stop();
  }

  #onInput(input: ConnectionInput): void {
    const { room, session, onText, onInterrupt, onMute } = this.#options;
    const { roomId } = session;
    switch (input.type) {
      case "mute":
        if (input.muted === this.#muted) return;
        this.#muted = input.muted;
        onMute?.(input.muted);
        return;
      case "text": {
        const text = input.text.trim();
        if (text !== "" && this.mayWrite) onText(text);
        return;
      }
      case "interrupt":
        onInterrupt();
        return;
      case "dtmf":
        if (isDtmfDigit(input.digit)) this.#digits.outOfBand(input.digit);
        return;
      case "data":
        room.notifyHooks("ON_CLIENT_DATA", { session, roomId, name: input.name, payload: input.payload });
        return;
    }
  }
}
