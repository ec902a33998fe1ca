import {
  type Clock,
  defined,
  keepNewest,
  type Logger,
  type RealtimeSession,
  type RealtimeSessionConfig,
  RoomKitError,
  type UtteranceId,
  withTimeout,
} from "@roomkit/core";
import type { Handoff, HandoffRequest, ToolSet } from "@roomkit/tools";

/** What a session's model is told to be, under one name. */
export interface Assistant {
  readonly config: Pick<
    RealtimeSessionConfig,
    "instructions" | "voice" | "language" | "temperature" | "providerOptions"
  >;
  readonly tools: ToolSet;
}

export interface AssistantsOptions {
  readonly provider: RealtimeSession;
  /** By name; the first is the one a session begins with. */
  readonly assistants: ReadonlyMap<string, Assistant>;
  /** The provider can change a running session. */
  readonly changeable: boolean;
  /** Handoffs from one word of the caller to the next. */
  readonly maxHandoffs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onPassed: (handoff: Handoff) => void;
}

/** How long a provider may take to become another. */
const UPDATE_TIMEOUT_MS = 5_000;
/** Utterances remembered, for what is heard of them later. */
const MAX_SPOKEN = 128;

/** Which assistant one session's model is. Its tool `handoffTo` makes another of it; the provider keeps the conversation. */
export class Assistants {
  readonly #options: AssistantsOptions;
  readonly #spoken = new Map<UtteranceId, string>();
  readonly #stop: () => void;
  #current: string;
  /** Handoffs since the caller last said something. */
  #passed = 0;
  #passing = false;
  #telling = false;
  #tellAgain = false;
  #closed = false;

  constructor(options: AssistantsOptions) {
    this.#options = options;
    this.#current = [...options.assistants.keys()][0] as string;
    const stop = [...options.assistants].map(([name, { tools }]) =>
      tools.onChanged(() => {
        if (name === this.#current) void this.#tellTools();
      }),
    );
    this.#stop = () => {
      for (const each of stop) each();
    };
  }

  /** The tools of who speaks now. */
  get tools(): ToolSet {
    return this.#of(this.#current).tools;
  }

  /** Who speaks now begins an utterance. */
  begins(utterance: UtteranceId): UtteranceId {
    if (this.#options.assistants.size > 1) {
      this.#spoken.set(utterance, this.#current);
      keepNewest(this.#spoken, MAX_SPOKEN);
    }
    return utterance;
  }

  /** Who spoke an utterance, where there are several. */
  speakerOf(utterance: UtteranceId): string | undefined {
    return this.#spoken.get(utterance);
  }

  /** The caller has said something. */
  heard(): void {
    this.#passed = 0;
  }

  /** @throws RoomKitError `handoff_not_on_floor`, `handoff_target_gone`, `handoff_limit`, `handoff_unsupported`, or what ended the call. */
  async handOff({ to, reason, history }: HandoffRequest, signal: AbortSignal): Promise<string> {
    const { assistants, changeable, maxHandoffs, clock, provider, onPassed } = this.#options;
    const from = this.#current;
    const refuse = (code: string, why: string, cause?: unknown): never => {
      throw new RoomKitError(code, why, { cause });
    };
    if (this.#passing) refuse("handoff_not_on_floor", "the conversation is being handed over already.");
    if (to === from || !assistants.has(to))
      refuse("handoff_target_gone", "nobody of that name is here. Answer the caller yourself.");
    if (!changeable) refuse("handoff_unsupported", "this provider cannot change a running session.");
    if (history !== "whole") refuse("handoff_unsupported", "this provider keeps the whole conversation itself.");
    if (this.#passed >= maxHandoffs)
      refuse("handoff_limit", "the caller was handed over often enough. Answer them yourself.");
    signal.throwIfAborted();
    this.#passing = true;
    try {
      const what = "becoming another assistant";
      await withTimeout(provider.update(this.#change(from, to)), UPDATE_TIMEOUT_MS, { clock, what });
    } catch (error) {
      // What it took of it is taken back; a provider that takes nothing is as it was.
      if (!this.#closed) provider.update(this.#change(to, from)).catch(() => {});
      refuse("handoff_unsupported", "the provider did not become another one. Answer the caller yourself.", error);
    } finally {
      this.#passing = false;
    }
    this.#current = to;
    this.#passed++;
    onPassed({ from, to, reason, history: "whole" });
    const why = reason === "" ? "" : ` Reason: ${reason}`;
    return `You are ${to} now, by the instructions you have just been given: ${from} has handed the conversation over to you.${why} Go on with the caller.`;
  }

  close(): void {
    this.#closed = true;
    this.#stop();
  }

  /** Only what differs: some providers refuse to be given a voice again. */
  #change(from: string, to: string): Partial<RealtimeSessionConfig> {
    const [before, after] = [this.#of(from), this.#of(to)];
    const voice = after.config.voice === before.config.voice ? undefined : after.config.voice;
    const { instructions = "" } = after.config;
    return defined({ ...after.config, instructions, voice, tools: after.tools.definitions });
  }

  #of(name: string): Assistant {
    return this.#options.assistants.get(name) as Assistant;
  }

  /** The tools of who speaks have changed: one telling at a time, and once more when they changed meanwhile. */
  async #tellTools(): Promise<void> {
    const { changeable, provider, logger, clock } = this.#options;
    if (!changeable || this.#closed) return;
    this.#tellAgain = this.#telling;
    if (this.#telling) return;
    this.#telling = true;
    try {
      const told = provider.update({ tools: this.tools.definitions });
      await withTimeout(told, UPDATE_TIMEOUT_MS, { clock, what: "telling the tools" });
    } catch (error) {
      logger.warn({ code: RoomKitError.from(error).code }, "the provider was not told of changed tools");
    } finally {
      this.#telling = false;
    }
    if (this.#tellAgain) await this.#tellTools();
  }
}
