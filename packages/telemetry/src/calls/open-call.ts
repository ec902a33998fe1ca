import {
  type Clock,
  type HeardRecord,
  keepNewest,
  type SessionParts,
  type TurnMetrics,
  turnStages,
  type VoiceSession,
} from "@roomkit/core";
import type { CallListener, CallRecord, PartRecord } from "./records.ts";

/** Turns open at once: the one that is said while the one before is still told of. */
const MAX_OPEN = 3;
/** Turns that are over and remembered, for what comes late. */
const MAX_SETTLED = 32;
/** Parts of one turn; further ones are told by themselves. */
const MAX_PARTS = 64;

interface OpenTurn {
  readonly id: string;
  readonly openedAt: number;
  saidAt: number | undefined;
  audibleAt: number | undefined;
  /** Its answer was played, or cut off. */
  overAt: number | undefined;
  metrics: TurnMetrics | undefined;
  /** It was silenced; its metrics will say whether that was an interruption or the end of the call. */
  cut: boolean;
  playedMs: number;
  readonly parts: PartRecord[];
  said?: string | undefined;
  heard?: string | undefined;
}

/**
 * One call and its turns, as they are told of: in any order, twice, or not at all. A turn is told on once, when its answer was played and
 * its model is through, when the next begins after it, or with the end of the call; what comes later is told by itself.
 */
export class OpenCall implements CallRecord {
  readonly session: VoiceSession;
  readonly transport: string;
  readonly providers: SessionParts["providers"];
  readonly startedAt: number;
  /** Wall time, as it goes on from the beginning of the call: should the wall clock jump meanwhile, the call does not. */
  readonly now: () => number;
  turns = 0;
  interrupted = 0;
  toolCalls = 0;
  toolErrors = 0;
  errors = 0;
  lastError: string | undefined;
  inputTokens = 0;
  outputTokens = 0;
  readonly #open = new Map<string, OpenTurn>();
  readonly #settled = new Set<string>();
  readonly #listener: CallListener;

  constructor(session: VoiceSession, parts: SessionParts, clock: Clock, listener: CallListener) {
    this.session = session;
    this.transport = parts.transport;
    this.providers = parts.providers;
    const offset = clock.wallTime() - clock.now();
    this.now = () => Math.round(offset + clock.now());
    this.startedAt = this.now();
    this.#listener = listener;
  }

  knows(turnId: string): boolean {
    return this.#open.has(turnId) || this.#settled.has(turnId);
  }

  /** The caller has said all of a turn. */
  said(id: string, at: number, text: string | undefined): void {
    const isNew = !this.knows(id);
    const turn = this.#turn(id, at);
    if (!turn) return;
    turn.said ??= text;
    if (!isNew) return;
    for (const other of [...this.#open.values()])
      if (other !== turn && (other.overAt !== undefined || other.metrics === undefined)) this.#settle(other, at);
  }

  metrics(metrics: TurnMetrics, at: number): void {
    const turn = this.#turn(metrics.turnId, at);
    if (!turn) return;
    // The answer becomes audible as this is told for the first time.
    if (!turn.metrics && !metrics.interrupted && metrics.replyMs !== undefined) {
      turn.saidAt = at - metrics.replyMs;
      turn.audibleAt = at;
    }
    turn.metrics = turn.metrics?.interrupted ? { ...metrics, interrupted: true } : metrics;
    this.#settleIfThrough(turn);
  }

  /** An utterance was played to its end, or cut off. */
  spoken(record: HeardRecord, cut: boolean, at: number, turnId: string | undefined, heard: string | undefined): void {
    const turn = turnId === undefined ? this.#audible() : this.#open.get(turnId);
    if (!turn) return;
    turn.overAt = at;
    turn.playedMs += record.playedMs;
    // What was cut off and goes on is not cut off.
    turn.cut = cut;
    if (heard !== undefined) turn.heard = turn.heard === undefined ? heard : `${turn.heard} ${heard}`;
    this.#settleIfThrough(turn);
  }

  /** Part of a turn: the one named, otherwise the newest. */
  part(part: PartRecord, turnId?: string): void {
    this.#count(part);
    const turn =
      turnId === undefined
        ? [...this.#open.values()].at(-1)
        : this.#turn(turnId, part.type === "note" ? part.at : part.startedAt);
    if (!turn || turn.parts.length >= MAX_PARTS) {
      this.#listener.part?.(this, part, turnId ?? [...this.#settled].at(-1));
      return;
    }
    turn.parts.push(part);
    this.#settleIfThrough(turn);
  }

  /** Something that belongs to the call and to none of its turns. */
  aside(part: PartRecord): void {
    this.#count(part);
    this.#listener.part?.(this, part, undefined);
  }

  end(reason: string, at: number): void {
    for (const turn of [...this.#open.values()]) this.#settle(turn, at);
    this.#listener.ended(this, reason, at);
  }

  #turn(id: string, at: number): OpenTurn | undefined {
    if (this.#settled.has(id)) return undefined;
    const known = this.#open.get(id);
    if (known) return known;
    const turn: OpenTurn = {
      id,
      openedAt: at,
      saidAt: undefined,
      audibleAt: undefined,
      overAt: undefined,
      metrics: undefined,
      cut: false,
      playedMs: 0,
      parts: [],
    };
    this.#open.set(id, turn);
    const [oldest] = this.#open.values();
    if (this.#open.size > MAX_OPEN && oldest) this.#settle(oldest, at);
    return turn;
  }

  /** The newest turn whose answer is heard. */
  #audible(): OpenTurn | undefined {
    return [...this.#open.values()].reverse().find(({ metrics }) => metrics !== undefined);
  }

  /** A speech-to-speech provider says neither when its model is through nor how many utterances an answer has: there the next turn tells. */
  #settleIfThrough(turn: OpenTurn): void {
    if (turn.overAt === undefined || this.providers.realtime !== undefined) return;
    if (turn.cut && !turn.metrics?.interrupted) return;
    if (turn.parts.some(({ type }) => type === "reply")) this.#settle(turn, turn.overAt);
  }

  #settle(turn: OpenTurn, now: number): void {
    const { id, openedAt, metrics, playedMs, parts, audibleAt, said, heard } = turn;
    const interrupted = metrics?.interrupted ?? false;
    this.#open.delete(id);
    this.#settled.add(id);
    keepNewest(this.#settled, MAX_SETTLED);
    this.turns++;
    if (interrupted) this.interrupted++;
    const { decidedMs, hooksMs, transcriptMs, speechMs = 0 } = metrics ?? {};
    const saidAt = turn.saidAt ?? openedAt - (decidedMs ?? hooksMs ?? transcriptMs ?? 0);
    const stagesMs = metrics ? (turnStages(metrics).at(-1)?.endMs ?? 0) : 0;
    const startedAt = Math.max(this.startedAt, saidAt - speechMs);
    const endedAt = Math.max(startedAt, saidAt + stagesMs, turn.overAt ?? now);
    this.#listener.turn(this, {
      ...{ id, startedAt, saidAt: Math.max(startedAt, saidAt), audibleAt, endedAt },
      ...{ metrics, interrupted, playedMs, parts, said, heard },
    });
  }

  #count(part: PartRecord): void {
    if (part.type === "tool") {
      this.toolCalls++;
      if (part.isError) this.toolErrors++;
    } else if (part.type === "reply") {
      this.inputTokens += part.usage?.inputTokens ?? 0;
      this.outputTokens += part.usage?.outputTokens ?? 0;
    } else if (part.failed) {
      this.errors++;
      this.lastError = part.code;
    }
  }
}
