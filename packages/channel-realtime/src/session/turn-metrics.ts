import { type CallRoom, TurnWaterfall } from "@roomkit/call";
import {
  keepNewest,
  type RealtimeEvent,
  type UtteranceId,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";

export interface TurnMetricsOptions {
  readonly room: CallRoom;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  /** The caller's newest turn, and whether its words are known already. */
  readonly turn: () => { readonly id: string; readonly told: boolean };
}

interface Turn {
  readonly id: string;
  readonly waterfall: TurnWaterfall;
  /** Its words are known. */
  told: boolean;
  reported: boolean;
}

/** Answers remembered, for those that are cut off. */
const MAX_ANSWERS = 8;

/**
 * Where the time of each turn went, as the provider's events tell: told when the answer becomes audible, and again when it is cut
 * off. How much was heard of an answer that was cut off is known late, maybe in the turn after: what is told belongs to its own turn.
 */
export class RealtimeTurnMetrics {
  readonly #options: TurnMetricsOptions;
  #speechAt: number | undefined;
  #turn: Turn | undefined;
  readonly #answers = new Map<UtteranceId, Turn>();

  constructor(options: TurnMetricsOptions) {
    this.#options = options;
  }

  speechStart(): void {
    this.#speechAt = this.#options.room.clock.now();
  }

  /** The provider is sure that the caller has finished; how long they spoke, ms: as it says, or as long as its events were apart. */
  speechEnd({ durationMs, silenceMs }: Omit<Extract<RealtimeEvent, { type: "speech-end" }>, "type"> = {}): number {
    const { clock } = this.#options.room;
    const now = clock.now();
    const endedAt = now - (silenceMs ?? 0);
    const speechMs = durationMs ?? (this.#speechAt === undefined ? 0 : Math.max(0, endedAt - this.#speechAt));
    this.#speechAt = undefined;
    const { waterfall } = this.#begin(new TurnWaterfall(clock, { endedAt, speechMs }));
    if (silenceMs !== undefined) waterfall.mark("endpointMs", now);
    return speechMs;
  }

  /** The caller typed, or nobody said when they had finished speaking. */
  typed(id: string = this.#options.turn().id): void {
    this.#begin(new TurnWaterfall(this.#options.room.clock), { id, told: true });
  }

  /** What the caller said is known: a turn, should nobody have said that they had finished. */
  words(): void {
    if (this.#turn && !this.#turn.told) {
      this.#turn.told = true;
      this.#turn.waterfall.mark("transcriptMs");
    } else if (this.#speechAt === undefined) this.typed();
  }

  /** The provider begins an answer: the caller had finished, whether it said so or not. */
  answer(): void {
    if (this.#speechAt !== undefined) this.speechEnd();
  }

  /** Words of an answer. */
  token(): void {
    this.#turn?.waterfall.mark("firstTokenMs");
  }

  /** Audio of an answer, whose words may be told later. */
  sound(): void {
    this.token();
    this.#turn?.waterfall.mark("firstAudioMs");
  }

  /** The first audio of an answer was handed to the listener. */
  audible(utterance: UtteranceId): void {
    const turn = this.#turn;
    if (!turn) return;
    this.#answers.set(utterance, turn);
    keepNewest(this.#answers, MAX_ANSWERS);
    if (turn.reported) return;
    turn.reported = true;
    turn.waterfall.mark("replyMs");
    this.#report(turn, false);
  }

  /** An answer was cut off. */
  interrupted(utterance: UtteranceId): void {
    const turn = this.#answers.get(utterance);
    if (!turn) return;
    for (const [answer, of] of this.#answers) if (of === turn) this.#answers.delete(answer);
    this.#report(turn, true);
  }

  #begin(waterfall: TurnWaterfall, { id, told } = this.#options.turn()): Turn {
    this.#turn = { id, waterfall, told, reported: false };
    if (told) waterfall.mark("transcriptMs");
    return this.#turn;
  }

  #report({ id, waterfall }: Turn, interrupted: boolean): void {
    const { room, session, connection } = this.#options;
    const metrics = waterfall.report(id, interrupted);
    connection.send({ type: "metrics", turn: metrics });
    room.notifyHooks("ON_TURN_METRICS", { session, roomId: session.roomId, metrics });
  }
}
