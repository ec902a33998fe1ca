import {
  type EchoPath,
  keepNewest,
  type SessionParts,
  type SessionStatus,
  type TurnMetrics,
  turnStages,
  type VoiceSession,
} from "@roomkit/core";
import type { CallDetail, CallRow, ErrorView, TurnTimes, TurnView } from "./views.ts";

/** Kept of one call: the newest of each. */
const MAX_TURNS = 20;
const MAX_TOOLS = 8;
const MAX_ERRORS = 20;
const MAX_WORDS = 400;
/** Characters of a name, an id or a code: some come from clients or vendors. */
const MAX_NAME = 96;
/** A level that is older, ms, is none. */
const LEVEL_MS = 1_000;

type Turn = { -readonly [K in keyof TurnView]: TurnView[K] } & { tools: TurnView["tools"][number][] };

export const clip = (text: string, most: number = MAX_NAME): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

/** One call, as it is told of: in any order, twice, or not at all. Bounded, however long it lasts. */
export class CallRecord {
  readonly session: VoiceSession;
  readonly startedAt: number;
  readonly #parts: SessionParts;
  readonly #who: string;
  readonly #turns = new Map<string, Turn>();
  readonly #errors: ErrorView[] = [];
  readonly #levels = new Map<"inbound" | "outbound", { readonly db: number; readonly at: number }>();
  #status: (() => SessionStatus) | undefined;
  #last: SessionStatus | undefined;
  #echo: EchoPath | undefined;
  #ended: CallRow["ended"];
  #turnCount = 0;
  #interrupted = 0;
  #toolCalls = 0;
  #errorCount = 0;

  constructor(
    session: VoiceSession,
    parts: SessionParts,
    options: { readonly who: string; readonly startedAt: number; readonly status: (() => SessionStatus) | undefined },
  ) {
    const { stt, tts, realtime } = parts.providers;
    const name = (text: string | undefined): string | undefined => (text === undefined ? undefined : clip(text));
    this.session = session;
    this.startedAt = options.startedAt;
    this.#who = clip(options.who);
    this.#parts = {
      transport: clip(parts.transport),
      providers: { stt: name(stt), tts: name(tts), realtime: name(realtime) },
    };
    this.#status = options.status;
  }

  get ended(): CallRow["ended"] {
    return this.#ended;
  }

  knows(turnId: string): boolean {
    return this.#turns.has(turnId);
  }

  /** Comes when an answer becomes audible, and again when it is cut off. */
  metrics(metrics: TurnMetrics, at: number): void {
    const { turnId, replyMs, interrupted, speechMs, decidedBy } = metrics;
    const turn = this.#turn(turnId, at);
    if (!turn) return;
    if (interrupted && !turn.interrupted) this.#interrupted++;
    // Told in the wrong order it was cut off all the same.
    turn.interrupted ||= interrupted;
    turn.stages = turnStages(metrics);
    turn.replyMs = replyMs;
    turn.speechMs = speechMs;
    turn.decidedBy = decidedBy === undefined ? undefined : clip(decidedBy);
  }

  tool(turnId: string | undefined, name: string, ms: number, failed: boolean, at: number): void {
    if (this.#ended) return;
    this.#toolCalls++;
    const turn = turnId === undefined ? [...this.#turns.values()].at(-1) : this.#turn(turnId, at);
    if (turn && turn.tools.length < MAX_TOOLS) turn.tools.push({ name: clip(name), ms: Math.round(ms), failed });
  }

  words(turnId: string | undefined, what: "said" | "heard", text: string, at: number): void {
    const turn = turnId === undefined ? undefined : this.#turn(turnId, at);
    if (!turn || text === "") return;
    const before = what === "heard" && turn.heard !== undefined ? `${turn.heard} ` : "";
    turn[what] = clip(`${before}${text}`, MAX_WORDS);
  }

  error(where: string, code: string, at: number): void {
    if (this.#ended) return;
    this.#errorCount++;
    this.#errors.push({ at, where, code: clip(code) });
    if (this.#errors.length > MAX_ERRORS) this.#errors.shift();
  }

  echo({ couplingDb, delayMs }: EchoPath): void {
    this.#echo = { couplingDb, delayMs };
  }

  level(direction: "inbound" | "outbound", db: number, at: number): void {
    this.#levels.set(direction, { db: Math.round(db), at });
  }

  /** Nothing of the call itself is held any longer. */
  end(reason: string, at: number): void {
    if (this.#ended) return;
    this.#ask();
    this.#status = undefined;
    this.#levels.clear();
    this.#ended = { at, reason: clip(reason) };
  }

  row(now: number): CallRow {
    const { id, roomId, channelId } = this.session;
    const status = this.#ask();
    const last = [...this.#turns.values()].findLast(({ stages }) => stages.length > 0);
    const level = (direction: "inbound" | "outbound"): number | undefined => {
      const told = this.#levels.get(direction);
      return told && now - told.at <= LEVEL_MS ? told.db : undefined;
    };
    return {
      ...{ id: clip(id), room: clip(roomId), channel: clip(channelId), who: this.#who, ...this.#parts },
      ...{ startedAt: this.startedAt, ended: this.#ended },
      status: status && shownOf(status),
      levels: { inbound: level("inbound"), outbound: level("outbound") },
      quality: status?.quality && qualityOf(status.quality),
      echo: this.#echo ?? (status?.stages.some(listensForEcho) ? false : undefined),
      ...{ turns: this.#turnCount, interrupted: this.#interrupted },
      ...{ toolCalls: this.#toolCalls, errors: this.#errorCount },
      lastTurn: last && timesOf(last),
      lastError: this.#errors.at(-1),
    };
  }

  detail(now: number): CallDetail {
    const { stages = [] } = this.#ask() ?? {};
    return {
      ...this.row(now),
      stages: stages.slice(0, 32).map(({ role, name, state }) => ({ role, name: clip(name), state })),
      turnList: [...this.#turns.values()].map((turn) => ({ ...turn, tools: [...turn.tools] })),
      errorList: [...this.#errors],
    };
  }

  #turn(id: string, at: number): Turn | undefined {
    const known = this.#turns.get(id);
    if (known || this.#ended) return known;
    const turn: Turn = { id: clip(id), at, stages: [], interrupted: false, tools: [] };
    this.#turnCount++;
    this.#turns.set(id, turn);
    keepNewest(this.#turns, MAX_TURNS);
    return turn;
  }

  #ask(): SessionStatus | undefined {
    try {
      const status = this.#status?.();
      const quality = status?.quality;
      // While its client is away a connection has no packets to count.
      const inbound = quality?.inbound ?? this.#last?.quality?.inbound;
      if (status) this.#last = { ...status, quality: quality && { ...quality, inbound } };
    } catch {
      // A channel that cannot say it now.
    }
    return this.#last;
  }
}

function listensForEcho({ role, state }: SessionStatus["stages"][number]): boolean {
  return role === "echoGuard" && state === "on";
}

function shownOf({ state, microphoneOff, muted, outputMuted }: SessionStatus): CallRow["status"] {
  return { state, microphoneOff, muted, outputMuted };
}

function timesOf({ at, stages, replyMs, interrupted }: TurnTimes): TurnTimes {
  return { at, stages, replyMs, interrupted };
}

/** In whole numbers, and without what a transport counts besides. */
function qualityOf({ inbound, underruns, droppedMs, queuedMs }: NonNullable<CallRow["quality"]>): CallRow["quality"] {
  // What is no number could not be told to other processes.
  const whole = (value = Number.NaN): number | undefined => (Number.isFinite(value) ? Math.round(value) : undefined);
  const { received = 0, lost = 0, late = 0, jitterMs = 0, concealedMs = 0 } = inbound ?? {};
  return {
    inbound: inbound && {
      ...{ received, lost, late, jitterMs: Math.round(jitterMs * 10) / 10 },
      concealedMs: Math.round(concealedMs),
    },
    ...{ underruns: whole(underruns), droppedMs: whole(droppedMs), queuedMs: whole(queuedMs) },
  };
}
