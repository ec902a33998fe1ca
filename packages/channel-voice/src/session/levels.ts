import { type AudioFrame, type ChannelHost, levelDb, type VoiceSession } from "@roomkit/core";

/** Level hooks fire at most so often per direction and session. */
const INTERVAL_MS = 100;

/** Tells the level hooks how loud a session is, when anybody listens. */
export class Levels {
  readonly #host: ChannelHost;
  readonly #session: VoiceSession;
  #nextInbound = 0;
  #nextOutbound = 0;

  constructor(host: ChannelHost, session: VoiceSession) {
    this.#host = host;
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
    const now = this.#host.clock.now();
    if (now < next || !this.#host.hasHooks(trigger, roomId)) return next;
    this.#host.notifyHooks(trigger, { session: this.#session, roomId, db: levelDb(frame.samples) });
    return now + INTERVAL_MS;
  }
}
