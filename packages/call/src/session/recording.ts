import {
  errorFields,
  type HookPayloads,
  type HookTrigger,
  type Recording,
  type RecordingInfo,
  type RecordingNote,
  type RecordingState,
  RoomKitError,
  type VoiceSession,
} from "@roomkit/core";
import type { CallRoom } from "../room.ts";

type Asking = Pick<CallRoom, "logger" | "hasSyncHooks" | "runHooks" | "notifyHooks" | "emit">;

/**
 * The recording of one call: begun when the hook has said yes, told of when it is over. What happens in any order means:
 *
 * | event                    | asking                       | recording, paused        | over    |
 * | ------------------------ | ---------------------------- | ------------------------ | ------- |
 * | the hook says yes        | begins                       |                          | nothing |
 * | it says no, fails, hangs | over, refused                |                          | nothing |
 * | pause, resume            | remembered                   | what is said is left out | nothing |
 * | stop, the call ends      | over, the hook's answer void | over, told               | nothing |
 * | it fails                 |                              | over, told               | nothing |
 *
 * Told once: `ON_RECORDING_STOPPED` for one that was begun, `recording_refused` for one that was not allowed to. Nothing of it
 * harms the call.
 */
export class CallRecording {
  readonly #recording: Recording;
  readonly #over = new AbortController();

  private constructor(recording: Recording) {
    this.#recording = recording;
  }

  /** Asks for the recording that a session's audio path would make, if it would. */
  static begin(
    recording: Recording | undefined,
    options: { readonly room: Asking; readonly session: VoiceSession },
  ): CallRecording | undefined {
    if (!recording) return undefined;
    const { room, session } = options;
    const call = new CallRecording(recording);
    void recording.ended.then((summary) => {
      call.#over.abort(new RoomKitError("aborted", "the recording is over"));
      if (!summary) return;
      const { error, reason, lostMs } = summary;
      const code = error && { code: error.code };
      if (error || lostMs > 0)
        room.logger.warn({ session: session.id, reason, lostMs, ...code }, "a recording is not whole");
      room.notifyHooks("ON_RECORDING_STOPPED", { session, roomId: session.roomId, recording: summary });
    });
    void call.#ask(options);
    return call;
  }

  get info(): RecordingInfo {
    return this.#recording.info;
  }

  get state(): RecordingState {
    return this.#recording.state;
  }

  /** What is said from now on is not in the recording, until {@link resume}: card numbers, for instance. */
  pause(): void {
    this.#recording.pause();
  }

  resume(): void {
    this.#recording.resume();
  }

  /** Nothing more is recorded of this call. Resolves when the files are complete. Idempotent. */
  async stop(): Promise<void> {
    await this.#stop("stopped");
  }

  note(note: RecordingNote): void {
    this.#recording.note(note);
  }

  /** The call is over: `last` settles when its last words are known. Resolves when the files are complete. */
  async end(reason: string, last: Promise<unknown>): Promise<void> {
    await this.#stop(reason, last);
  }

  #stop(reason: string, last?: Promise<unknown>): Promise<unknown> {
    if (this.state === "waiting") this.#over.abort(new RoomKitError("aborted", "the recording is not wanted any more"));
    return this.#recording.stop(reason, last);
  }

  async #ask({ room, session }: { readonly room: Asking; readonly session: VoiceSession }): Promise<void> {
    const recording = this.#recording;
    const { info } = recording;
    const { roomId } = session;
    const refuse = (reason: string): void => {
      if (recording.state === "ended") return;
      void recording.stop("refused");
      room.logger.info({ session: session.id, recording: info.id }, "a call is not recorded");
      room.emit("recording_refused", { session, recording: info, reason });
    };
    if (!room.hasSyncHooks("ON_RECORDING_STARTED", roomId)) {
      if (recording.requireConsent) return refuse("no_consent");
      // At once, so that not a sample is missing.
      recording.start();
    }
    try {
      const asked = room.runHooks("ON_RECORDING_STARTED", { session, roomId, recording: info }, this.#over.signal);
      const outcome = await asked;
      if (outcome.allowed) recording.start();
      else refuse(outcome.reason);
    } catch (error) {
      if (!this.#over.signal.aborted)
        room.logger.error({ session: session.id, ...errorFields(error) }, "the recording hook could not be asked");
      refuse("hook_failed");
    }
  }
}

/**
 * A room, or what a kit offers a channel, that notes in a call's recording what goes through it. `speech`: also when the caller speaks,
 * where the audio path does not find that itself.
 */
export function noting<R extends Pick<CallRoom, "notifyHooks">>(
  room: R,
  recording: CallRecording | undefined,
  { speech }: { readonly speech: boolean },
): R & Pick<CallRoom, "note"> {
  if (!recording) return room;
  const note = (made: RecordingNote): void => recording.note(made);
  const notifyHooks: CallRoom["notifyHooks"] = (trigger, payload) => {
    const made = noteOf(trigger, payload, speech);
    if (made) note(made);
    room.notifyHooks(trigger, payload);
  };
  // What it has as getters stays one.
  return Object.create(room, { notifyHooks: { value: notifyHooks }, note: { value: note } }) as R;
}

function noteOf<K extends HookTrigger>(trigger: K, given: HookPayloads[K], speech: boolean): RecordingNote | undefined {
  if (trigger === "ON_TURN_COMPLETE") {
    const { text, turnId } = given as HookPayloads["ON_TURN_COMPLETE"];
    return { type: "transcript", role: "user", text, turnId };
  }
  if (!speech) return undefined;
  if (trigger === "ON_SPEECH_START") return { type: "speech-start" };
  return trigger === "ON_SPEECH_END" ? { type: "speech-end" } : undefined;
}
