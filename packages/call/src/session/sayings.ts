import { afterSilence, errorFields, type StreamDelivery, type VoiceSession } from "@roomkit/core";
import type { CallSettings } from "../options.ts";
import type { CallRoom } from "../room.ts";
import type { TurnRunner } from "../turns/turn-runner.ts";
import { HeldText } from "../utterances/held-text.ts";
import { once } from "../utterances/once.ts";
import type { SpeakOptions } from "../utterances/speak-options.ts";
import type { Speaking } from "../utterances/speaking.ts";
import type { SpokenUtterance } from "../utterances/utterance.ts";
import { IdlePrompts } from "./idle-prompts.ts";

export interface SayingsOptions {
  readonly room: CallRoom;
  readonly settings: CallSettings;
  readonly session: VoiceSession;
  readonly speaking: Speaking;
  readonly turns: TurnRunner;
}

/** What is said in a call: answers, and beside them the greeting, what the application says, fillers and what breaks a silence. */
export class Sayings {
  readonly #options: SayingsOptions;
  readonly #idle: IdlePrompts;
  /** What the application says, until it is in the room; the oldest first. */
  readonly #saying = new Set<Promise<void>>();
  /** Cancels what nobody needs any more once the caller has said something, while nothing of it has been heard. */
  #dispensable: AbortController | undefined;
  readonly #fillers: readonly string[];
  #filled = 0;
  #quiet = false;
  #held = false;
  #closed = false;

  constructor(options: SayingsOptions) {
    this.#options = options;
    const { room, settings, session } = options;
    const { toolFiller = [] } = settings;
    this.#fillers = typeof toolFiller === "string" ? [toolFiller] : toolFiller;
    this.#idle = new IdlePrompts({
      ...{ clock: room.clock, idle: settings.idle },
      compose: async (instruction, signal) => (await room.compose?.(instruction, signal)) ?? "",
      say: (text) => this.#sayUnlessAnswered(text),
      onError: (error) => room.logger.warn({ session: session.id, ...errorFields(error) }, "nothing broke a silence"),
    });
  }

  greet(): void {
    const { greeting } = this.#options.settings;
    if (greeting !== undefined) void this.#sayUnlessAnswered(greeting);
  }

  /** Speaks an answer as it is made, and a filler before it where it is late; resolves with what was heard of the answer. */
  async reply(text: AsyncIterable<string>, how: SpeakOptions): Promise<StreamDelivery> {
    const { speaking, turns } = this.#options;
    const options = { ...how, tts: turns.voiceFor(how.correlationId) };
    const watched = turns.watchFirstToken(text, options.correlationId);
    const spoken = await (this.#fillsIn(options)
      ? this.#speakInTime(watched, options)
      : speaking.speak(watched, options));
    return { text: spoken.heard, heard: spoken.record };
  }

  /** Speaks a text of the application and puts what was heard of it into the room, as the assistant's words. */
  async say(text: string, options: Partial<Omit<SpeakOptions, "correlationId">> = {}): Promise<StreamDelivery> {
    const said = this.#say(text, options);
    const over = said.then(
      () => {},
      () => {},
    );
    this.#saying.add(over);
    this.#minded();
    void over.then(() => {
      this.#saying.delete(over);
      this.#minded();
    });
    return said;
  }

  /** Has the model find the words upon an instruction, and says them as the application's, unless the caller is faster. Never rejects. */
  async upon(instruction: string, signal: AbortSignal): Promise<void> {
    const { room, session } = this.#options;
    try {
      const words = (await room.compose?.(instruction, signal)) ?? "";
      if (words !== "" && !signal.aborted) await this.#sayUnlessAnswered(words);
    } catch (thrown) {
      if (signal.aborted) return;
      room.logger.warn({ session: session.id, ...errorFields(thrown) }, "nothing was said upon an instruction");
    }
  }

  /** Something is audible. */
  audible(): void {
    this.#dispensable = undefined;
  }

  /** A turn was taken: the caller was faster than the greeting, or than what was to be taken up again. It would be an answer to nothing now. */
  taken(): void {
    this.#dispensable?.abort();
    this.#options.speaking.dropUnheard();
    this.#idle.answered();
  }

  /** What was cut off is over. */
  letGo(): void {
    if (this.#options.speaking.letGo()) this.#cutOff();
  }

  /** The listener hears nothing any more; `hold`: what is cut off may be taken up again. */
  silence(reason: string, hold: boolean): void {
    if (this.#options.speaking.silence(reason, hold)) this.#cutOff();
  }

  /** What was heard of a text of the application stands in the log before what the caller said. */
  #cutOff(): void {
    const [first] = this.#saying;
    if (first) this.#options.turns.after(first);
  }

  /** Whether nobody speaks, and no turn waits to be answered. */
  quiet(quiet: boolean): void {
    this.#quiet = quiet;
    this.#minded();
  }

  /** Somebody speaks in the assistant's place: a silence is not its to break. */
  held(held: boolean): void {
    this.#held = held;
    this.#minded();
  }

  close(): void {
    this.#closed = true;
    this.#minded();
  }

  #minded(): void {
    this.#idle.quiet(this.#quiet && this.#saying.size === 0 && !this.#held && !this.#closed);
  }

  async #say(text: string, options: Partial<SpeakOptions>): Promise<StreamDelivery> {
    const { room, speaking } = this.#options;
    const { signal = new AbortController().signal } = options;
    room.saying?.(text);
    const { utterance, heard, record } = await speaking.speak(once(text), {
      known: { text, over: true },
      ...options,
      signal,
    });
    if (!this.#closed) await room.said(heard, record, { id: utterance });
    return { text: heard, heard: record };
  }

  /** Says something that a turn of the caller makes needless while nobody has heard it. Never rejects. */
  async #sayUnlessAnswered(text: string): Promise<void> {
    this.#dispensable = new AbortController();
    try {
      await this.say(text, { signal: this.#dispensable.signal });
    } catch (thrown) {
      const { room, session } = this.#options;
      room.logger.warn({ session: session.id, ...errorFields(thrown) }, "speech was not recorded");
    }
  }

  #fillsIn({ correlationId }: SpeakOptions): boolean {
    return correlationId !== undefined && this.#fillers.length > 0;
  }

  /** Speaks an answer; when its first word is not there in time, a filler before it. */
  async #speakInTime(text: AsyncIterable<string>, options: SpeakOptions): Promise<SpokenUtterance> {
    const { room, settings, speaking } = this.#options;
    const { signal } = options;
    const held = new HeldText(text);
    try {
      const begun = await begins(held, { ...{ clock: room.clock, signal }, ms: settings.replyBudgetMs });
      // One that answers nobody any more is not waited for.
      if (!begun && !signal.aborted && !this.#held) {
        const filler = this.#fillers[this.#filled++ % this.#fillers.length] as string;
        this.say(filler, { signal }).catch(() => {});
      }
      // Somebody has taken the assistant's place meanwhile.
      return await speaking.speak(held, this.#held ? { ...options, signal: AbortSignal.abort() } : options);
    } finally {
      held.release();
    }
  }
}

/** Whether a text has its first word within so many ms. */
async function begins(
  text: HeldText,
  { clock, ms, signal }: { readonly clock: CallRoom["clock"]; readonly ms: number; readonly signal: AbortSignal },
): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (begun: boolean) => (): void => {
      cancel();
      signal.removeEventListener("abort", onAbort);
      resolve(begun);
    };
    const onAbort = done(false);
    const cancel = afterSilence(clock, ms, onAbort);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    void text.peek().then(done(true), done(true));
  });
}
