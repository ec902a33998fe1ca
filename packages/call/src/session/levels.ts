import { type AudioFrame, levelDb, type VoiceSession } from "@roomkit/core";
import type { CallRoom } from "../room.ts";

/** Level hooks fire at most so often per direction and session. */
const INTERVAL_MS = 100;

/** Tells the level hooks how loud a session is, when anybody listens. */
export class Levels {
  readonly #room: CallRoom;
  readonly #session: VoiceSession;
  #nextInbound = 0;
  #nextOutbound = 0;

  constructor(room: CallRoom, session: VoiceSession) {
    this.#room = room;
    this.#session = session;
  }

  inbound(frame: AudioFrame): void {
    this.#nextInbound = this.#report("ON_INPUT_AUDIO_LEVEL", frame, this.#nextInbound);
  }

  outbound(frame: AudioFrame): void {
    this.#nextOutbound = this.#report("ON_OUTPUT_AUDIO_LEVEL", frame, this.#nextOutbound);
  }

  #report(trigger: "ON_INPUT_AUDIO_LEVEL" | "ON_OUTPUT_AUDIO_LEVEL", frame: AudioFrame, next: number): number {
    const { roomId } = this.#session;
    const now = this.#room.clock.now();
    if (now < next || !this.#room.hasHooks(trigger, roomId)) return next;
    this.#room.notifyHooks(trigger, { session: this.#session, roomId, db: levelDb(frame.samples) });
    return now + INTERVAL_MS;
  }
}
