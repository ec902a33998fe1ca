import { type AudioFrame, type HookPayloads, levelDb, type PipelineEvents, type VoiceSession } from "@roomkit/core";
import type { CallRoom } from "../room.ts";

/** Level hooks fire at most so often per direction and session. */
const INTERVAL_MS = 100;

/** Tells the level hooks how loud a session is, when anybody listens. */
export class Levels {
  readonly #room: CallRoom;
  readonly #session: VoiceSession;
  #nextInbound = 0;
  #nextOutbound = 0;
  /** The newest frame behind the pipeline's stages. */
  #processed: PipelineEvents["frame"] | undefined;

  constructor(room: CallRoom, session: VoiceSession) {
    this.#room = room;
    this.#session = session;
  }

  inbound(frame: AudioFrame): void {
    const next = this.#due("ON_INPUT_AUDIO_LEVEL", this.#nextInbound);
    if (next === undefined) return;
    this.#nextInbound = next;
    const { frame: processed, probability: speechProbability } = this.#processed ?? {};
    const processedDb = processed && levelDb(processed.samples);
    this.#room.notifyHooks("ON_INPUT_AUDIO_LEVEL", { ...this.#of(frame), processedDb, speechProbability });
  }

  processed(event: PipelineEvents["frame"]): void {
    this.#processed = event;
  }

  outbound(frame: AudioFrame): void {
    const next = this.#due("ON_OUTPUT_AUDIO_LEVEL", this.#nextOutbound);
    if (next === undefined) return;
    this.#nextOutbound = next;
    this.#room.notifyHooks("ON_OUTPUT_AUDIO_LEVEL", this.#of(frame));
  }

  /** When it is due again, if it is now and anybody listens. */
  #due(trigger: "ON_INPUT_AUDIO_LEVEL" | "ON_OUTPUT_AUDIO_LEVEL", next: number): number | undefined {
    const now = this.#room.clock.now();
    return now < next || !this.#room.hasHooks(trigger, this.#session.roomId) ? undefined : now + INTERVAL_MS;
  }

  #of(frame: AudioFrame): HookPayloads["ON_OUTPUT_AUDIO_LEVEL"] {
    return { session: this.#session, roomId: this.#session.roomId, db: levelDb(frame.samples) };
  }
}
