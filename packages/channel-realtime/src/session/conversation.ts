import { type UserTranscripts, type UserWords, withWritten } from "@roomkit/call";
import {
  afterSilence,
  type ChannelHost,
  defined,
  errorFields,
  HeardLedger,
  type HeardRecord,
  joinTexts,
  keepNewest,
  plainPiece,
  RoomKitError,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import type { RealtimeSpeakers } from "./speakers.ts";
import { type Place, SpeakingOrder } from "./speaking-order.ts";
import type { Line, Speech } from "./words.ts";

export interface ConversationOptions {
  readonly host: ChannelHost;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly transcripts: UserTranscripts;
  readonly channelId: string;
  /** Whether final words become events of the room. */
  readonly store: boolean;
  /** Who of several assistants spoke an utterance. */
  readonly assistantOf?: ((utterance: string) => string | undefined) | undefined;
  /** Says whose the caller's words are, where there is a pipeline. */
  readonly speakers?: RealtimeSpeakers | undefined;
}

/** The place of something the assistant said. */
export interface Said extends Place {
  readonly turnId: string;
}

/** Waiting pieces beyond this are dropped, partial ones first: a hook that hangs must not pile up a whole call. */
const MAX_WAITING = 256;

/** How long the words of the caller are waited for once they have stopped speaking: what was said after them waits behind. */
const CALLER_WORDS_MS = 5_000;
/** Stretches of speech whose words are waited for at most. */
const MAX_SPEECHES = 16;

/** What storing fails with when the room or the channel's place in it is gone: nothing to report. */
const OVER: ReadonlySet<string> = new Set(["aborted", "kit_closed", "not_attached", "room_closed"]);

/**
 * What is said, on its way to client, hooks and room. Client and hooks get it as it becomes known: nothing leaves before its
 * hook. The room gets it in the order of speaking: what was said takes its place when it was said, and its words come when they
 * are known. Tool calls have their place as well, so that none runs before the words that caused it are in the room.
 */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #lines = new Map<string, Line>();
  readonly #order = new SpeakingOrder();
  /** The caller's speech without its final words, oldest first. */
  readonly #speeches = new Set<Speech>();
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #turns = 0;
  /** Nobody is waited for any more. */
  readonly #over = new AbortController();
  #closed = false;

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  /** The caller's newest turn, and whether its words are known. */
  get turn(): { readonly id: string; readonly told: boolean } {
    const told = this.#speeches.size === 0 && this.#turns > 0;
    return { id: this.#turnId(this.#turns + (told ? 0 : 1)), told };
  }

  /** The caller begins to speak: the words of it will stand here, also those that came before anybody said so. */
  speechStart(): void {
    if (this.#closed) return;
    for (const speech of this.#speeches) {
      if (speech.announced) continue;
      speech.announced = true;
      speech.place.fill();
      speech.place = this.#order.open();
      return;
    }
    const [oldest] = this.#speeches;
    if (oldest && this.#speeches.size >= MAX_SPEECHES) this.#giveUp(oldest);
    this.#speech(true);
  }

  /** The caller has stopped. */
  speechEnd(): void {
    for (const speech of this.#speeches) {
      speech.heard?.end();
      this.#wait(speech);
    }
  }

  /** Words of the caller, as far as they are recognised. */
  user(id: string, text: string, final: boolean): void {
    const line = this.#line(id, "user");
    if (line.final || this.#closed) return;
    const known = line.speech && this.#speeches.has(line.speech) ? line.speech : undefined;
    const expected = known ?? [...this.#speeches].find(({ begun }) => !begun);
    const speech = expected ?? this.#speech(false);
    line.speech = speech;
    speech.begun = true;
    // Without a word of the vendor on when speech ends, the words themselves must go on.
    if (!expected || speech.stopTimer) this.#wait(speech);
    line.final = final;
    if (final) this.#turns++;
    const words = { id, turnId: this.#turnId(final ? this.#turns : this.#turns + 1), text };
    if (final) this.#finalUser(words, speech);
    else this.#options.transcripts.partial(words);
  }

  /** Words the caller has written: a turn, whose id it gives. */
  typed(id: string, text: string): string {
    const line = this.#line(id, "user");
    const speech: Speech = {
      place: this.#order.open(),
      announced: true,
      begun: true,
      heard: undefined,
      stopTimer: undefined,
    };
    line.final = true;
    const turnId = this.#turnId(++this.#turns);
    this.#finalUser({ id, turnId, text }, speech);
    return turnId;
  }

  /** Words of the assistant while it speaks them, as far as they are known. `id`, here and below: of its utterance. */
  assistant(id: string, text: string, all: boolean): void {
    const line = this.#line(id, "assistant");
    const { host, session } = this.#options;
    const hooked = host.hasSyncHooks("BEFORE_TTS", session.roomId);
    // An answer's words come after those it answers: speech without any was none.
    for (const speech of this.#speeches) if (!speech.begun) this.#giveUp(speech);
    // With a hook on what is spoken, words are shown when the hook has seen all of them.
    if (line.final || (hooked && !all)) return;
    this.#enqueue(false, async () => {
      const written = all ? await this.#beforeSpeech(id, line, text.trim()) : text;
      if (!line.final && written) this.#show(id, line, written, false);
    });
  }

  /** The assistant has spoken: what was heard of it will stand here. */
  reserve(): Said {
    const { fill } = this.#order.open();
    return { fill, turnId: this.#turnId(this.#turns) };
  }

  /**
   * What the caller has heard of the assistant's words, when that is certain; `said` is its place, if it has one. `told` is called when
   * the client was, `stored` when the room has it, or will not.
   */
  heard(
    id: string,
    heard: string,
    record: HeardRecord,
    said: Said | undefined,
    { told, stored }: { readonly told: () => void; readonly stored: () => void },
  ): void {
    const line = this.#line(id, "assistant");
    // Nobody has heard or read anything of it.
    const unknown = line.revision === 0 && heard === "";
    line.final = true;
    const done = (): void => {
      told();
      if (said) said.fill(async () => stored());
      else stored();
    };
    if (unknown) done();
    else this.#enqueue(true, () => this.#heardAssistant(id, line, heard, record, said, stored), done);
  }

  /** Runs after everything said so far has gone its way. */
  after(work: () => void): void {
    if (this.#closed) return;
    // The words that caused it have been told before it.
    for (const speech of this.#speeches) if (!speech.begun) this.#giveUp(speech);
    const { fill } = this.#order.open();
    this.#enqueue(true, async () => fill(async () => work()));
  }

  /** Takes nothing more; what was said to its end still goes its way. Resolves when it has. */
  close(): Promise<void> {
    this.#closed = true;
    this.#over.abort(new RoomKitError("aborted", "the session is over"));
    for (const speech of this.#speeches) this.#giveUp(speech);
    this.#lines.clear();
    return this.#tail.then(() => this.#order.done);
  }

  #speech(announced: boolean): Speech {
    const heard = this.#options.speakers?.begin(announced);
    const speech: Speech = { place: this.#order.open(), announced, begun: false, heard, stopTimer: undefined };
    this.#speeches.add(speech);
    return speech;
  }

  #wait(speech: Speech): void {
    speech.stopTimer?.();
    speech.stopTimer = afterSilence(this.#options.host.clock, CALLER_WORDS_MS, () => this.#giveUp(speech));
  }

  /** Nothing is said there. Words that come all the same stand where they come. */
  #giveUp(speech: Speech): void {
    speech.stopTimer?.();
    this.#speeches.delete(speech);
    speech.place.fill();
  }

  /** All words of a stretch of speech are known; whatever hooks leave of them, its place is taken or given up. */
  #finalUser({ id, turnId, text: raw }: UserWords, speech: Speech): void {
    const { transcripts, speakers } = this.#options;
    const { place } = speech;
    speech.stopTimer?.();
    this.#speeches.delete(speech);
    transcripts.finish(id);
    const heard = speech.heard?.end();
    const work = async (): Promise<void> => {
      const who = heard && (await speakers?.of(heard, this.#over.signal));
      const { text, speaker } = await transcripts.ask({ id, turnId, text: raw.trim(), speaker: who });
      if (text === "") return;
      transcripts.final({ id, turnId, text, speaker });
      place.fill(() => this.#store("user", text, turnId, { speaker }));
    };
    this.#enqueue(true, work, () => place.fill());
  }

  async #heardAssistant(
    id: string,
    line: Line,
    heard: string,
    record: HeardRecord,
    said: Said | undefined,
    stored: () => void,
  ): Promise<void> {
    let shown = heard;
    let { unheard } = record;
    let text = joinTexts([heard, unheard]);
    const written = await this.#beforeSpeech(id, line, text);
    if (written === undefined) return;
    if (written !== text) {
      const ledger = new HeardLedger();
      ledger.addText(withWritten(plainPiece(text), written));
      ({ heard: shown, unheard } = unheard === "" ? ledger.all() : ledger.splitAt(heard.length));
      text = ledger.text.trim();
    }
    if (text !== "") this.#show(id, line, text, true, record.interrupted || unheard !== "" ? shown : undefined);
    // What nobody heard was not said.
    if (shown === "" || !said) return;
    const assistant = this.#options.assistantOf?.(id);
    said.fill(async () => {
      await this.#store("assistant", shown, said.turnId, { heard: { ...record, unheard }, assistant });
      stored();
    });
  }

  /**
   * What hooks leave of the assistant's words, asked once for each utterance; undefined: they are not to be read. Their audio is
   * there already: only what is read of it can still be changed.
   */
  async #beforeSpeech(id: string, line: Line, text: string): Promise<string | undefined> {
    const { host, session } = this.#options;
    const { roomId } = session;
    if (text === "" || line.hooked || !host.hasHooks("BEFORE_TTS", roomId))
      return line.hooked ? line.hooked.written : text;
    const outcome = await host.runHooks("BEFORE_TTS", { session, roomId, text, written: text, utterance: id });
    const { written } = outcome.payload;
    line.hooked = { written: outcome.allowed ? written : undefined };
    return line.hooked.written;
  }

  async #store(
    role: "user" | "assistant",
    text: string,
    correlationId: string,
    { heard, ...who }: { heard?: HeardRecord; speaker?: string | undefined; assistant?: string | undefined },
  ): Promise<void> {
    const { host, session, channelId, store } = this.#options;
    if (!store) return;
    const metadata = { voiceSessionId: session.id, source: "realtime_voice", ...defined(who) };
    const stored = host.processInbound({
      roomId: session.roomId,
      channelId,
      role,
      content: { type: "text", text },
      correlationId,
      metadata,
      participantId: role === "user" ? session.participantId : undefined,
      heard,
    });
    await Promise.resolve(stored).catch((thrown) => this.#report(thrown));
  }

  #show(id: string, line: Line, text: string, final: boolean, heard?: string): void {
    const { connection } = this.#options;
    connection.send({ type: "transcript", id, role: "assistant", text, final, revision: line.revision++, heard });
  }

  #line(id: string, role: Line["role"]): Line {
    const key = `${role}:${id}`;
    let line = this.#lines.get(key);
    if (!line) {
      line = { role, revision: 0, final: false, speech: undefined, hooked: undefined };
      this.#lines.set(key, line);
      // Old lines are only remembered so that late parts of them are ignored.
      keepNewest(this.#lines, 64);
    }
    return line;
  }

  #enqueue(must: boolean, work: () => Promise<void>, done: () => void = () => {}): void {
    if (this.#closed || (this.#waiting >= MAX_WAITING && !must)) {
      done();
      return;
    }
    this.#waiting++;
    this.#tail = this.#tail.then(async () => {
      this.#waiting--;
      try {
        if (!this.#closed || must) await work();
      } catch (thrown) {
        this.#report(thrown);
      } finally {
        done();
      }
    });
  }

  #report(thrown: unknown): void {
    const error = RoomKitError.from(thrown);
    if (OVER.has(error.code)) return;
    this.#options.host.logger.error(
      { session: this.#options.session.id, ...errorFields(thrown) },
      "a transcript went nowhere",
    );
  }

  #turnId(turn: number): string {
    return `${this.#options.session.id}:${turn}`;
  }
}
