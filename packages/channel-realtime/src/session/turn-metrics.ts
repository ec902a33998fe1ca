import { type CallRoom, TurnWaterfall } from "@roomkit/call";
import type { VoiceConnection, VoiceSession } from "@roomkit/core";

export interface TurnMetricsOptions {
  readonly room: CallRoom;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  /** The caller's newest turn. */
  readonly turnId: () => string;
}

/** Where the time of each turn went, as the provider's events tell: told when the answer becomes audible, and again when it is cut off. */
export class RealtimeTurnMetrics {
  readonly #options: TurnMetricsOptions;
  #speechAt: number | undefined;
  #waterfall: TurnWaterfall | undefined;
  #reported = false;

  constructor(options: TurnMetricsOptions) {
    this.#options = options;
  }

  speechStart(): void {
    this.#speechAt = this.#options.room.clock.now();
  }

  /** The provider is sure that the caller has finished; how long they spoke, ms. */
  speechEnd(): number {
    const { clock } = this.#options.room;
    const endedAt = clock.now();
    const speechMs = this.#speechAt === undefined ? 0 : endedAt - this.#speechAt;
    this.#speechAt = undefined;
    this.#begin(new TurnWaterfall(clock, { endedAt, speechMs }));
    return speechMs;
  }

  /** The caller typed. */
  typed(): void {
    this.#begin(new TurnWaterfall(this.#options.room.clock));
  }

  mark(stage: "transcriptMs" | "firstTokenMs" | "firstAudioMs"): void {
    this.#waterfall?.mark(stage);
  }

  /** The first audio of an answer was handed to the listener. */
  audible(): void {
    if (!this.#waterfall || this.#reported) return;
    this.#waterfall.mark("replyMs");
    this.#report(false);
  }

  /** Somebody broke in on the answer. */
  interrupted(): void {
    if (this.#reported) this.#report(true);
    this.#waterfall = undefined;
  }

  #begin(waterfall: TurnWaterfall): void {
    this.#waterfall = waterfall;
    this.#reported = false;
  }

  #report(interrupted: boolean): void {
    const { room, session, connection, turnId } = this.#options;
    const metrics = this.#waterfall?.report(turnId(), interrupted);
    if (!metrics) return;
    this.#reported = true;
    connection.send({ type: "metrics", turn: metrics });
    room.notifyHooks("ON_TURN_METRICS", { session, roomId: session.roomId, metrics });
  }
}
