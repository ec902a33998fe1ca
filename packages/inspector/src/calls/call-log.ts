import {
  type Clock,
  type HookHandlers,
  type HookTrigger,
  keepNewest,
  type RoomKit,
  type RoomKitError,
  type Unsubscribe,
  type VoiceSession,
} from "@roomkit/core";
import { CallRecord } from "./call-record.ts";
import type { CallDetail, CallRow } from "./views.ts";

/** Calls that have ended and are shown for a while. */
const MAX_ENDED = 50;
const ENDED_MS = 60_000;

export interface CallLogOptions {
  readonly clock: Clock;
  readonly showWords: boolean;
  readonly who: (session: VoiceSession) => string;
}

/** The calls of a kit, from outside and never on the way of the audio. Levels are asked for only while {@link look} says so. */
export class CallLog {
  readonly #kit: RoomKit;
  readonly #options: CallLogOptions;
  readonly #calls = new Map<string, CallRecord>();
  readonly #ended = new Map<string, CallRecord>();
  readonly #stops: Unsubscribe[] = [];
  #levels: Unsubscribe[] = [];

  constructor(kit: RoomKit, options: CallLogOptions) {
    this.#kit = kit;
    this.#options = options;
    this.#watch();
  }

  get size(): number {
    return this.#calls.size;
  }

  /** The session of a call that goes on. */
  session(id: string): VoiceSession | undefined {
    return this.#calls.get(id)?.session;
  }

  /** Calls that go on, oldest first, then those that have ended, newest first. */
  rows(): CallRow[] {
    const now = this.#now();
    this.#forget(now);
    return [...this.#calls.values(), ...[...this.#ended.values()].reverse()].map((call) => call.row(now));
  }

  detail(id: string): CallDetail | undefined {
    return (this.#calls.get(id) ?? this.#ended.get(id))?.detail(this.#now());
  }

  /** Somebody looks, or nobody does any more. */
  look(on: boolean): void {
    if (on === this.#levels.length > 0) return;
    for (const stop of this.#levels.splice(0)) stop();
    if (!on) return;
    const told = { execution: "async", name: "inspector" } as const;
    this.#levels = [
      this.#kit.hook("ON_INPUT_AUDIO_LEVEL", ({ session, db }) => this.#level(session, "inbound", db), told),
      this.#kit.hook("ON_OUTPUT_AUDIO_LEVEL", ({ session, db }) => this.#level(session, "outbound", db), told),
    ];
  }

  close(): void {
    this.look(false);
    for (const stop of this.#stops.splice(0)) stop();
    this.#calls.clear();
    this.#ended.clear();
  }

  #level({ id }: VoiceSession, direction: "inbound" | "outbound", db: number): void {
    this.#calls.get(id)?.level(direction, db, this.#now());
  }

  #watch(): void {
    const { showWords } = this.#options;
    const kit = this.#kit;
    const of = ({ id }: VoiceSession): CallRecord | undefined => this.#calls.get(id);
    const hook = <K extends HookTrigger>(trigger: K, handler: HookHandlers[K]): void => {
      this.#stops.push(kit.hook(trigger, handler, { execution: "async", name: "inspector" }));
    };
    const failed = (where: string, session: VoiceSession, error: RoomKitError): void =>
      of(session)?.error(where, error.code, this.#now());
    this.#stops.push(
      kit.on("voice_session_started", ({ session, transport, providers, status }) => {
        if (this.#calls.has(session.id) || session.state === "ended") return;
        const options = { who: this.#whoIs(session), startedAt: this.#now(), status };
        this.#calls.set(session.id, new CallRecord(session, { transport, providers }, options));
      }),
      kit.on("voice_session_ended", ({ session, reason }) => this.#end(session.id, reason)),
      kit.on("kit_closed", () => {
        for (const id of [...this.#calls.keys()]) this.#end(id, "kit_closed");
      }),
      kit.on("stt_error", ({ session, error }) => failed("stt_error", session, error)),
      kit.on("tts_error", ({ session, error }) => failed("tts_error", session, error)),
      kit.on("ai_error", ({ roomId, channelId, error }) => {
        for (const call of this.#inRoom(roomId, undefined, channelId)) call.error("ai_error", error.code, this.#now());
      }),
      kit.on("provider_fallback", ({ roomId, error }) => {
        for (const call of this.#inRoom(roomId)) call.error("provider_fallback", error.code, this.#now());
      }),
      kit.on("audio_stage_changed", ({ session, state, error }) => {
        if (state === "failed") of(session)?.error("audio_stage_failed", error?.code ?? "failed", this.#now());
      }),
      kit.on("echo_suspected", ({ session, ...echo }) => of(session)?.echo(echo)),
    );
    hook("ON_TURN_METRICS", ({ session, metrics }) => of(session)?.metrics(metrics, this.#now()));
    hook("ON_TOOL_CALL", ({ roomId, channelId, turnId, call, isError, durationMs = 0 }) => {
      const its = this.#inRoom(roomId, turnId, channelId);
      // Of several callers in a room that it may belong to it is counted to none.
      if (its.length === 1) its[0]?.tool(turnId, call.name, durationMs, isError, this.#now());
    });
    if (!showWords) return;
    hook("ON_TURN_COMPLETE", ({ session, turnId, text }) => of(session)?.words(turnId, "said", text, this.#now()));
    hook("AFTER_TTS", ({ session, turnId, text }) => of(session)?.words(turnId, "heard", text, this.#now()));
    hook("ON_TTS_CANCELLED", ({ session, turnId, heard }) => of(session)?.words(turnId, "heard", heard, this.#now()));
  }

  #end(id: string, reason: string): void {
    const call = this.#calls.get(id);
    if (!call) return;
    this.#calls.delete(id);
    call.end(reason, this.#now());
    this.#ended.delete(id);
    this.#ended.set(id, call);
    keepNewest(this.#ended, MAX_ENDED);
    this.#forget(this.#now());
  }

  /** Calls that ended some time ago. */
  #forget(now: number): void {
    for (const [id, { ended }] of this.#ended) if (ended && now - ended.at > ENDED_MS) this.#ended.delete(id);
  }

  /** The calls that something in a room may belong to: the one that has the turn; those of the channel; otherwise all. */
  #inRoom(roomId: string, turnId?: string, channelId?: string): readonly CallRecord[] {
    const here = [...this.#calls.values()].filter(({ session }) => session.roomId === roomId);
    const its = turnId === undefined ? [] : here.filter((call) => call.knows(turnId));
    if (its.length > 0) return its;
    const own = here.filter(({ session }) => session.channelId === channelId);
    return own.length > 0 ? own : here;
  }

  #whoIs(session: VoiceSession): string {
    try {
      return String(this.#options.who(session));
    } catch {
      return session.participantId;
    }
  }

  #now(): number {
    return this.#options.clock.wallTime();
  }
}
