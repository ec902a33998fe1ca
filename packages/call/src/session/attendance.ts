import {
  type AttendableCall,
  type AudioFrame,
  Emitter,
  errorFields,
  RoomKitError,
  type Takeover,
  type TellOptions,
  type Unsubscribe,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import type { CallRoom } from "../room.ts";

export interface AttendanceOptions {
  readonly room: CallRoom;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  /** See {@link AttendableCall.recognises}. */
  readonly recognises: boolean;
  /** The caller's audio as the audio path leaves it. */
  readonly onCaller: (listener: (frame: AudioFrame) => void) => Unsubscribe;
  /** The assistant falls silent: nothing of it is audible, made, or waits to be said. Called before {@link Attendance.taken} is true. */
  readonly silence: () => void;
  /** It was taken over, or given back. */
  readonly onTaken?: (() => void) | undefined;
  /** What comes when in the log. */
  readonly order: () => {
    /** The next turn waits, within reason, until this is there. It never rejects. */
    after(told: Promise<void>): void;
    /** Runs `work` when what is being said is there, and before the next turn. */
    inOrder(work: () => Promise<void>): Promise<void>;
  };
  /** The assistant says something upon an instruction, unless `signal` aborts before. */
  readonly speakUpon?: ((instruction: string, signal: AbortSignal) => Promise<void>) | undefined;
  /** What the room was told, for a model that does not read it; `respond`: it is to say something upon it. */
  readonly onTold?: ((text: string, respond: boolean) => void) | undefined;
  /** Words of the caller that it did not recognise itself. */
  readonly onHeard?: ((text: string) => void) | undefined;
}

interface Events {
  readonly end: undefined;
}

/** How much later audio from a person may be than it was spoken, for long, ms. */
const LIVE = { live: { maxDelayMs: 200 } } as const;

/** What people who attend a call may do to it; the table of orders is at {@link AttendableCall}. */
export class Attendance implements AttendableCall {
  readonly session: VoiceSession;
  readonly recognises: boolean;
  readonly #options: AttendanceOptions;
  readonly #events: Emitter<Events>;
  /** Utterances whose audio is no assistant's: those of the takeover now, and of the one before, which may still be played. */
  readonly #people: string[] = [];
  #takeover: Takeover | undefined;
  /** Ends what the assistant was asked to say. */
  #speaking = new AbortController();
  #ended = false;

  constructor(options: AttendanceOptions) {
    this.#options = options;
    this.session = options.session;
    this.recognises = options.recognises;
    this.#events = new Emitter<Events>((error) =>
      options.room.logger.error({ session: this.session.id, ...errorFields(error) }, "a listener failed"),
    );
  }

  get taken(): boolean {
    return this.#takeover !== undefined;
  }

  /** The room of the call, in which nobody answers while it is taken over. */
  over(room: CallRoom): CallRoom {
    const submit: CallRoom["submit"] = (turn, signal) => room.submit(turn, signal, { unanswered: this.taken });
    const prepare: CallRoom["prepare"] = (turn, options) => {
      if (!this.taken) room.prepare?.(turn, options);
    };
    const compose: CallRoom["compose"] = async (instruction, signal) =>
      this.taken ? "" : ((await room.compose?.(instruction, signal)) ?? "");
    // What it has as getters stays one.
    return Object.create(room, { submit: { value: submit }, prepare: { value: prepare }, compose: { value: compose } });
  }

  /** @throws RoomKitError `taken_over`. */
  assertFree(): void {
    if (this.taken) throw new RoomKitError("taken_over", "a person speaks to the caller: the assistant is silent");
  }

  onCaller(listener: (frame: AudioFrame) => void): Unsubscribe {
    return this.#ended ? () => {} : this.#options.onCaller(listener);
  }

  onAssistant(listener: (frame: AudioFrame) => void): Unsubscribe {
    return this.#options.connection.onPlayed((frame, _startedAt, utterance) => {
      if (utterance !== undefined && !this.#people.includes(utterance)) listener(frame);
    });
  }

  onEnd(listener: () => void): Unsubscribe {
    if (!this.#ended) return this.#events.on("end", listener);
    listener();
    return () => {};
  }

  async tell(text: string, { respond = false }: TellOptions = {}): Promise<void> {
    this.#assertOn();
    if (respond) this.assertFree();
    const { room, order, onTold, speakUpon } = this.#options;
    const { signal } = this.#speaking;
    await order().inOrder(async () => {
      onTold?.(text, respond);
      await room.tell?.(text);
    });
    if (respond && !signal.aborted) await speakUpon?.(text, signal);
  }

  takeOver(): Takeover {
    this.#assertOn();
    this.assertFree();
    const { room, connection, silence, order, onTaken } = this.#options;
    this.#stopSpeaking();
    silence();
    const utterance = room.ids("utt");
    this.#people.push(utterance);
    if (this.#people.length > 2) this.#people.shift();
    const takeover: Takeover = {
      format: connection.outbound,
      play: (frame) => {
        if (this.#takeover === takeover && room.mayRead) connection.play(utterance, frame, LIVE);
      },
      giveBack: (lastWords) => {
        if (this.#takeover !== takeover) return;
        this.#takeover = undefined;
        connection.endUtterance(utterance);
        if (lastWords) order().after(settled(lastWords));
        onTaken?.();
      },
    };
    this.#takeover = takeover;
    onTaken?.();
    return takeover;
  }

  async said(text: string, participantId: string): Promise<void> {
    const { room, connection, order, onTold } = this.#options;
    onTold?.(`The person who has taken over said to the caller: ${text}`, false);
    const id = room.ids("said");
    const said = room.said(text, undefined, { id, participantId });
    order().after(settled(said));
    connection.send({ type: "transcript", id, role: "assistant", text, final: true, revision: 0 });
    await said;
  }

  heard(text: string): void {
    if (!this.#ended) this.#options.onHeard?.(text);
  }

  /** The call is over. Idempotent. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#takeover = undefined;
    this.#stopSpeaking();
    this.#events.emit("end", undefined);
    this.#events.clear();
  }

  #stopSpeaking(): void {
    this.#speaking.abort(new RoomKitError("aborted", "the assistant is to be silent"));
    this.#speaking = new AbortController();
  }

  #assertOn(): void {
    if (this.#ended) throw new RoomKitError("call_ended", "the call is over");
  }
}

async function settled(work: Promise<unknown>): Promise<void> {
  await work.catch(() => {});
}
