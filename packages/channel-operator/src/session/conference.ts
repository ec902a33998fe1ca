import {
  type AttendableCall,
  type AudioFrame,
  type ChannelHost,
  errorFields,
  RoomKitError,
  type Takeover,
  type Unsubscribe,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import { Mixer } from "../mixing/mixer.ts";
import { Outlet } from "../mixing/outlet.ts";
import { AudioSource } from "../mixing/source.ts";
import { nameOf } from "./name-of.ts";

/** A person in a call, beside its caller. */
export interface Seat {
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  /** Their voice. */
  readonly source: AudioSource;
  /** Whether anything may be played to them now. */
  readonly mayListen: boolean;
  /** Who speaks in the call has changed. */
  changed(): void;
  /** The call is over. */
  over(): void;
}

/** Writes down what the caller says where the call does not. */
export interface CallerScribe {
  hear(frame: AudioFrame): void;
  /** Resolves when the last words are told. */
  finish(): Promise<void>;
}

export interface ConferenceOptions {
  readonly call: AttendableCall;
  readonly host: ChannelHost;
  /** How late audio may be played to people, ms. */
  readonly maxDelayMs: number;
  /** Whether what they say to the caller is written down. */
  readonly written: boolean;
  /** For calls that do not recognise their caller's words while a person speaks with them. */
  readonly scribe?: ((onText: (text: string) => void) => CallerScribe) | undefined;
  /** The last has left, or the call is over. */
  readonly onEmpty: () => void;
}

interface Sitting {
  readonly stop: Unsubscribe;
  talking: { readonly stop: Unsubscribe } | undefined;
}

/** One call and the people in it. Begun by the first who comes, over when the last has left, or the call has ended. */
export class Conference {
  readonly call: AttendableCall;
  readonly #options: ConferenceOptions;
  readonly #mixer: Mixer;
  readonly #caller = new AudioSource();
  readonly #assistant = new AudioSource();
  readonly #seats = new Map<Seat, Sitting>();
  readonly #stop: Unsubscribe[];
  #takeover: { readonly to: Takeover; readonly outlet: Outlet; readonly stop: Unsubscribe } | undefined;
  #scribe: CallerScribe | undefined;
  /** What the assistant is told, in its order. */
  #told: Promise<void> = Promise.resolve();
  #over = false;

  constructor(options: ConferenceOptions) {
    const { call, host } = options;
    this.#options = options;
    this.call = call;
    this.#mixer = new Mixer(host.clock);
    this.#stop = [
      this.#mixer.add(this.#caller),
      this.#mixer.add(this.#assistant),
      call.onCaller((frame) => {
        this.#caller.push(frame);
        this.#scribe?.hear(frame);
      }),
      call.onAssistant((frame) => this.#assistant.push(frame)),
    ];
    this.#stop.push(call.onEnd(() => this.#end()));
  }

  get size(): number {
    return this.#seats.size;
  }

  /** Who speaks to the caller, as participants; empty: the assistant does. */
  get talking(): readonly string[] {
    return [...this.#seats].flatMap(([{ session }, { talking }]) => (talking ? [session.participantId] : []));
  }

  /** They hear everybody but themselves from now on. */
  join(seat: Seat): void {
    if (this.#over || this.#seats.has(seat)) return;
    const { connection, source } = seat;
    const utterance = this.#options.host.ids("utt");
    const live = { live: { maxDelayMs: this.#options.maxDelayMs } };
    const outlet = new Outlet(connection.outbound, (frame) => connection.play(utterance, frame, live));
    const stop = this.#mixer.listen({
      without: new Set([source]),
      play: (mixed) => {
        if (seat.mayListen) outlet.play(mixed);
      },
    });
    this.#seats.set(seat, { stop, talking: undefined });
  }

  /** They speak to the caller from now on: the first in place of the assistant, the next ones as well. @throws RoomKitError `taken_over`, `call_ended`. */
  talk(seat: Seat): void {
    const sitting = this.#seats.get(seat);
    if (!sitting || this.#over) throw new RoomKitError("call_ended", "the call is over");
    if (sitting.talking) return;
    if (!this.#takeover) this.#takeOver(seat);
    seat.source.drain();
    sitting.talking = { stop: this.#mixer.add(seat.source) };
    this.#changed();
  }

  /** They only listen from now on; when nobody speaks any more, the assistant has the call again. `lastWords`: settles when theirs are told. */
  listen(seat: Seat, reason: string, lastWords: Promise<void>): void {
    const sitting = this.#seats.get(seat);
    if (!sitting?.talking) return;
    sitting.talking.stop();
    sitting.talking = undefined;
    // What they had said already is not cut off.
    this.#takeover?.outlet.play(seat.source.drain());
    if (this.talking.length === 0) this.#giveBack(reason, lastWords);
    this.#changed();
  }

  leave(seat: Seat, reason: string, lastWords: Promise<void>): void {
    this.listen(seat, reason, lastWords);
    this.#seats.get(seat)?.stop();
    this.#seats.delete(seat);
    if (this.#seats.size === 0) this.#close();
  }

  #takeOver(seat: Seat): void {
    const { call, host, scribe, written } = this.#options;
    const to = call.takeOver();
    const outlet = new Outlet(to.format, (frame) => to.play(frame));
    // The assistant plays to the caller by itself.
    const without = new Set([this.#caller, this.#assistant]);
    const stop = this.#mixer.listen({ without, play: (mixed) => outlet.play(mixed) });
    this.#takeover = { to, outlet, stop };
    if (!call.recognises) this.#scribe = scribe?.((text) => call.heard(text));
    host.emit("call_taken_over", { session: call.session, by: seat.session });
    this.#tell(async () => {
      const words = written
        ? "What is said to the caller until then is said by them."
        : "What they say is not written down.";
      return `${await this.#nameOf(seat)} speaks with the caller now, until the call is given back. ${words}`;
    });
  }

  #giveBack(reason: string, lastWords: Promise<void>): void {
    const takeover = this.#takeover;
    if (!takeover) return;
    const { call, host } = this.#options;
    this.#takeover = undefined;
    takeover.stop();
    const heard = this.#scribe?.finish();
    this.#scribe = undefined;
    takeover.to.giveBack(Promise.all([lastWords, heard]));
    host.emit("call_given_back", { session: call.session, reason });
    if (this.#over) return;
    this.#tell(async () => "The call is given back to you. Go on with the caller from what was said.");
  }

  #tell(words: () => Promise<string>): void {
    const { call, host } = this.#options;
    this.#told = this.#told
      .then(async () => await call.tell(await words()))
      .catch((error: unknown) => {
        if (!this.#over)
          host.logger.warn({ session: call.session.id, ...errorFields(error) }, "an assistant was not told");
      });
  }

  async #nameOf({ session }: Seat): Promise<string> {
    const name = await nameOf(this.#options.host, session.roomId, session.participantId);
    return name === undefined ? "A colleague" : `A colleague, ${name},`;
  }

  #changed(): void {
    for (const seat of [...this.#seats.keys()]) seat.changed();
  }

  /** The call is over: everybody is told. */
  #end(): void {
    if (this.#over) return;
    const seats = [...this.#seats.keys()];
    this.#close();
    for (const seat of seats) seat.over();
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    for (const stop of this.#stop) stop();
    for (const { stop, talking } of this.#seats.values()) {
      talking?.stop();
      stop();
    }
    this.#seats.clear();
    this.#giveBack("call_ended", Promise.resolve());
    this.#options.onEmpty();
  }
}
