import { type CallRoom, type ChannelCall, roomOf, UserTranscripts } from "@roomkit/call";
import {
  type AudioFrame,
  type ChannelHost,
  type ConnectionInput,
  errorFields,
  RoomKitError,
  type TellOptions,
  type Unsubscribe,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import { AudioSource } from "../mixing/source.ts";
import type { OperatorSettings } from "../options.ts";
import type { Conference, Seat } from "./conference.ts";
import { OperatorVoice, type OperatorVoiceOptions } from "./voice.ts";

/** `listen`: hears the call and is not heard. `talk`: speaks with the caller, in place of the assistant. */
export type OperatorMode = "listen" | "talk";
export const operatorModes: readonly OperatorMode[] = ["listen", "talk"];

export interface OperatorCallOptions {
  readonly host: ChannelHost;
  readonly channelId: string;
  readonly settings: OperatorSettings;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly conference: Conference;
  /** The call that is attended has ended. */
  readonly onOver: () => void;
}

/** Characters that an assistant is told at once. */
const MOST_CHARS = 4_000;

/** One operator in a call. Everything in it belongs to this session and ends with it. */
export class OperatorCall implements ChannelCall, Seat {
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly source: AudioSource = new AudioSource();
  readonly #options: OperatorCallOptions;
  readonly #room: CallRoom;
  readonly #transcripts: UserTranscripts;
  readonly #stop: Unsubscribe[];
  #voice: OperatorVoice | undefined;
  /** What they said, on its way into the room. */
  #saying: Promise<void> = Promise.resolve();
  #muted = false;
  #closed = false;

  constructor(options: OperatorCallOptions) {
    const { host, channelId, session, connection, conference } = options;
    this.#options = options;
    this.session = session;
    this.connection = connection;
    this.#room = roomOf(host, channelId, session);
    this.#transcripts = new UserTranscripts(this.#room, session, connection);
    conference.join(this);
    this.#stop = [
      connection.onAudio((frame) => this.#hear(frame)),
      connection.onInput((input) => this.#onInput(input)),
    ];
    connection.send({ type: "state", state: "listening" });
    this.changed();
  }

  get mode(): OperatorMode {
    return this.#voice ? "talk" : "listen";
  }

  /** Who attends a call leaves with it. */
  get pausing(): boolean {
    return this.#closed;
  }

  get mayListen(): boolean {
    return this.#room.mayRead;
  }

  /** The session whose call they attend. */
  get attends(): VoiceSession {
    return this.#options.conference.call.session;
  }

  /** @throws RoomKitError `not_allowed`, `taken_over`, `call_ended`. */
  setMode(mode: OperatorMode): void {
    if (mode === "talk") this.#talk();
    else this.#listen("given_back");
  }

  /** @throws RoomKitError `not_allowed`, `invalid_option`, `taken_over`, `call_ended`, and what the room refuses with. */
  async whisper(text: string, options: TellOptions = {}): Promise<void> {
    this.#assertAllowed();
    if (typeof text !== "string" || text.trim() === "" || text.length > MOST_CHARS)
      throw new RoomKitError("invalid_option", `whisper: text must be words, at most ${MOST_CHARS} characters of them`);
    await this.#options.conference.call.tell(`A colleague tells you, unheard by the caller: ${text.trim()}`, options);
  }

  /** Their permissions in the room may have changed. */
  permitted(): void {
    if (!this.#room.mayWrite) this.#listen("not_allowed");
  }

  changed(): void {
    const { conference } = this.#options;
    const payload = { mode: this.mode, talking: conference.talking, call: this.attends.id };
    this.connection.send({ type: "data", name: "operator", payload });
  }

  over(): void {
    this.#options.onOver();
  }

  async close(reason: string): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#stop) stop();
    const last = this.#finishVoice();
    this.#options.conference.leave(this, reason, last);
    await last;
  }

  #talk(): void {
    if (this.#voice) return;
    this.#assertAllowed();
    const { host, settings, session, connection, conference } = this.#options;
    conference.talk(this);
    const voice: OperatorVoiceOptions = {
      ...{ settings, connection, sessionId: session.id, clock: host.clock },
      onAudio: (frame) => this.source.push(frame),
      onText: (text) => this.#said(text),
      onError: (error) => {
        host.logger.warn({ session: session.id, ...errorFields(error) }, "an operator's words are not written down");
        host.emit("stt_error", { session, error });
      },
      onAway: () => this.#listen("away"),
    };
    this.#voice = new OperatorVoice(voice, this.#muted);
    this.changed();
  }

  #listen(reason: string): void {
    if (!this.#voice) return;
    this.#options.conference.listen(this, reason, this.#finishVoice());
    this.changed();
  }

  /** Resolves when what they said last is in the room. */
  async #finishVoice(): Promise<void> {
    const voice = this.#voice;
    this.#voice = undefined;
    await voice?.finish();
    await this.#saying;
  }

  #said(text: string): void {
    const { host, session, conference } = this.#options;
    const id = host.ids("said");
    this.#saying = this.#saying
      .then(async () => {
        // Hooks that take card numbers out of what callers say do so here as well.
        const { text: left } = await this.#transcripts.ask({ id, turnId: id, text });
        if (left !== "") await conference.call.said(left, session.participantId);
      })
      .catch((error: unknown) =>
        host.logger.warn({ session: session.id, ...errorFields(error) }, "an operator's words are not in the room"),
      );
  }

  #hear(frame: AudioFrame): void {
    if (this.#room.mayWrite) this.#voice?.hear(frame);
  }

  #onInput(input: ConnectionInput): void {
    const { host, session } = this.#options;
    if (input.type === "mute") {
      this.#muted = input.muted;
      this.#voice?.mute(input.muted);
    } else if (input.type === "text") {
      this.#try(() => this.whisper(input.text));
    } else if (input.type === "data") {
      const { name, payload } = input;
      host.notifyHooks("ON_CLIENT_DATA", { session, roomId: session.roomId, name, payload });
      if (name === "operator") this.#try(async () => await this.#asked(payload));
    }
  }

  /** @throws RoomKitError `invalid_message`. */
  async #asked(payload: unknown): Promise<void> {
    const { mode, whisper, respond }: Readonly<Record<string, unknown>> = Object(payload);
    const wellFormed =
      (mode === undefined || operatorModes.some((each) => each === mode)) &&
      (whisper === undefined || typeof whisper === "string") &&
      (respond === undefined || typeof respond === "boolean") &&
      (mode !== undefined || whisper !== undefined);
    if (!wellFormed)
      throw new RoomKitError("invalid_message", "an operator's client sends a mode, or words to whisper");
    if (mode !== undefined) this.setMode(mode as OperatorMode);
    if (whisper !== undefined) await this.whisper(whisper, { respond });
  }

  /** Does what the client asks for, and tells it if that cannot be. */
  #try(work: () => Promise<void>): void {
    work().catch((thrown: unknown) => {
      const { code, message, retryable } = RoomKitError.from(thrown);
      this.connection.send({ type: "error", code, message, retryable });
    });
  }

  #assertAllowed(): void {
    if (!this.#room.mayWrite)
      throw new RoomKitError("not_allowed", "the operators' channel may not write in this room now");
  }
}
