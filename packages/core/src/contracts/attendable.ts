import type { AudioFormat } from "../audio/format.ts";
import type { AudioFrame } from "../audio/frame.ts";
import type { Unsubscribe } from "../events/emitter.ts";
import type { VoiceSession } from "./voice.ts";

/** What a call is told that its caller does not hear. */
export interface TellOptions {
  /** Whether the assistant says something upon it now. Default false: it knows it from its next answer on. */
  readonly respond?: boolean | undefined;
}

/** A person speaks to the caller in place of the assistant. */
export interface Takeover {
  /** What {@link play} wants. */
  readonly format: AudioFormat;
  /** Audio for the caller, as it is spoken; nothing after {@link giveBack}, or the call's end. */
  play(frame: AudioFrame): void;
  /**
   * The assistant has the call again, behind what was played. `lastWords`: settles when what the people said last is in the room, which
   * the next answer waits for within reason. Idempotent.
   */
  giveBack(lastWords?: Promise<unknown>): void;
}

/**
 * A call that people other than its caller may attend: hear it, tell its assistant something, speak in its place. Costs nothing while nobody
 * does. What each does, in every state of the call:
 *
 * | the call is at                | take over                                                | give back                                    |
 * | ----------------------------- | -------------------------------------------------------- | -------------------------------------------- |
 * | the assistant in mid-word     | silent at once, the log has what was heard               |                                              |
 * | the assistant thinking        | its model is stopped; the question stays in the log      |                                              |
 * | the caller speaking           | heard to their end, logged, not answered                 | heard to their end, logged, answered         |
 * | silence                       | nothing to silence; nothing is said to break it          | as ever                                      |
 * | taken over already            | refused (`taken_over`)                                   | the assistant answers what is said from then |
 * | over                          | refused (`call_ended`)                                   | nothing                                      |
 */
export interface AttendableCall {
  readonly session: VoiceSession;
  /** Whether what the caller says while it is taken over is recognised by the call; if not, whoever takes it over may say so by {@link heard}. */
  readonly recognises: boolean;
  /** Whether somebody has taken it over. */
  readonly taken: boolean;
  /** The caller's audio as the call's audio path leaves it; none while they are muted. */
  onCaller(listener: (frame: AudioFrame) => void): Unsubscribe;
  /** The assistant's audio as it is played to the caller; nothing of what {@link Takeover.play} was given. */
  onAssistant(listener: (frame: AudioFrame) => void): Unsubscribe;
  /** Called once when the call ends, at once when it has. */
  onEnd(listener: () => void): Unsubscribe;
  /**
   * Tells the assistant something that the caller neither hears nor sees. It stands in the room's log, for intelligence alone. Resolves when
   * it does, after what is being said. @throws RoomKitError `taken_over` (with `respond`), `call_ended`, and what the room refuses with.
   */
  tell(text: string, options?: TellOptions): Promise<void>;
  /**
   * Silences the assistant until {@link Takeover.giveBack}: it is not asked, and says nothing.
   * @throws RoomKitError `taken_over`, `call_ended`.
   */
  takeOver(): Takeover;
  /** Words of a person to the caller, for the room, the caller's page and the assistant. Also after the call was given back. */
  said(text: string, participantId: string): Promise<void>;
  /** Words of the caller while it was taken over, where the call does not recognise them itself; nobody answers them. */
  heard(text: string): void;
}

/** A channel whose calls may be attended. */
export interface AttendableCalls {
  /** The calls under way in a room. */
  attendable(roomId: string): readonly AttendableCall[];
}
