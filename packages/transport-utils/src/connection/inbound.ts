import {
  type AudioFrame,
  type ConnectionInput,
  Emitter,
  frameDurationMs,
  RoomKitError,
  type Unsubscribe,
} from "@roomkit/core";

export interface InboundOptions {
  /** Audio held until there is a consumer, ms; the oldest goes first. */
  readonly maxHeldMs: number;
  /** A listener threw, or what it returned rejected. */
  readonly onError: (error: unknown, event: "audio" | "input") => void;
  /** Input was dropped that nobody has heard: too much of it was held. */
  readonly onDrop: (input: ConnectionInput) => void;
}

interface Said {
  readonly input: ConnectionInput;
  /** Counts up from 1: each listener hears each number once. */
  readonly number: number;
  readonly characters: number;
  /** Whether there was any listener yet. */
  heard: boolean;
}

type Held = AudioFrame | Said;

/** Inputs held at most, and characters of theirs: as many as one message may have. The oldest go first. */
const MOST_HELD_INPUTS = 100;
const MOST_HELD_CHARACTERS = 262_144;

/**
 * What comes from a client. A caller speaks and types as soon as they are connected, while the application is still making the
 * session: that is held, within bounds and in the order in which it came, until somebody listens. Audio goes to its one consumer. Input goes
 * to every listener there is, and until the audio has its consumer too is also kept for those that come later, so that an
 * application that listens early does not take the channel's words away.
 */
export class Inbound {
  readonly #options: InboundOptions;
  readonly #inputs: Emitter<{ readonly input: Said }>;
  #consumer: ((frame: AudioFrame) => void) | undefined;
  #held: Held[] = [];
  #heldMs = 0;
  #heldInputs = 0;
  #heldCharacters = 0;
  #count = 0;
  /** What is held is about to be handed on: what comes meanwhile waits behind it. */
  #releasing = false;
  #closed = false;

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#inputs = new Emitter((error) => options.onError(error, "input"));
  }

  /** Audio that waits for its consumer, oldest first. */
  get heldAudio(): readonly AudioFrame[] {
    return this.#held.filter(isFrame);
  }

  /** @throws RoomKitError `consumer_exists`: a connection's audio has one consumer. */
  onAudio(listener: (frame: AudioFrame) => void): Unsubscribe {
    if (this.#consumer) throw new RoomKitError("consumer_exists", "the connection's audio has a consumer already");
    this.#consumer = listener;
    this.#release();
    return () => {
      if (this.#consumer === listener) this.#consumer = undefined;
    };
  }

  onInput(listener: (input: ConnectionInput) => unknown): Unsubscribe {
    let heard = 0;
    const unsubscribe = this.#inputs.on("input", ({ input, number }) => {
      if (number <= heard) return undefined;
      heard = number;
      return listener(input);
    });
    this.#release();
    return unsubscribe;
  }

  receive(frame: AudioFrame): void {
    if (this.#closed) return;
    if (this.#consumer && !this.#releasing) this.#consume(this.#consumer, frame);
    else this.#hold(frame);
  }

  input(input: ConnectionInput): void {
    if (this.#closed) return;
    const said: Said = { input, number: ++this.#count, characters: charactersOf(input), heard: false };
    if (!this.#releasing) this.#tell(said);
    if (this.#releasing || !this.#complete) this.#hold(said);
  }

  close(): void {
    this.#closed = true;
    this.#consumer = undefined;
    this.#inputs.clear();
    this.#keep([]);
  }

  /** Whoever is going to listen does. */
  get #complete(): boolean {
    return this.#consumer !== undefined && this.#inputs.listenerCount() > 0;
  }

  /** Not at once: who listens to audio and to input asks for one after the other, and shall hear both in their order. */
  #release(): void {
    if (this.#releasing || this.#held.length === 0) return;
    this.#releasing = true;
    queueMicrotask(() => {
      const kept: Held[] = [];
      for (let item = this.#held.shift(); item !== undefined; item = this.#held.shift()) {
        const consumer = this.#consumer;
        if (isSaid(item)) this.#tell(item);
        else if (consumer) this.#consume(consumer, item);
        if (isSaid(item) ? !this.#complete : !consumer) kept.push(item);
      }
      this.#releasing = false;
      this.#keep(this.#closed ? [] : kept);
    });
  }

  #tell(said: Said): void {
    said.heard ||= this.#inputs.listenerCount() > 0;
    this.#inputs.emit("input", said);
  }

  #hold(item: Held): void {
    this.#held.push(item);
    if ("samples" in item) {
      this.#heldMs += frameDurationMs(item);
      while (this.#heldMs > this.#options.maxHeldMs) this.#heldMs -= frameDurationMs(this.#dropFirst(isFrame));
      return;
    }
    this.#heldInputs++;
    this.#heldCharacters += item.characters;
    while (this.#heldInputs > MOST_HELD_INPUTS || this.#heldCharacters > MOST_HELD_CHARACTERS) {
      const dropped = this.#dropFirst(isSaid);
      this.#heldInputs--;
      this.#heldCharacters -= dropped.characters;
      if (!dropped.heard) this.#options.onDrop(dropped.input);
    }
  }

  /** The first of a kind that is known to be held. */
  #dropFirst<T extends Held>(isKind: (item: Held) => item is T): T {
    return this.#held.splice(this.#held.findIndex(isKind), 1)[0] as T;
  }

  #keep(held: Held[]): void {
    this.#held = held;
    const said = held.filter(isSaid);
    this.#heldMs = held.filter(isFrame).reduce((ms, frame) => ms + frameDurationMs(frame), 0);
    this.#heldInputs = said.length;
    this.#heldCharacters = said.reduce((sum, { characters }) => sum + characters, 0);
  }

  #consume(consumer: (frame: AudioFrame) => void, frame: AudioFrame): void {
    try {
      consumer(frame);
    } catch (error) {
      this.#options.onError(error, "audio");
    }
  }
}

const isFrame = (item: Held): item is AudioFrame => "samples" in item;
const isSaid = (item: Held): item is Said => !isFrame(item);

/** Of what an application's message holds, only its JSON is known. */
function charactersOf(input: ConnectionInput): number {
  if (input.type === "text") return input.text.length;
  return input.type === "data" ? (JSON.stringify(input.payload)?.length ?? 0) : 0;
}
