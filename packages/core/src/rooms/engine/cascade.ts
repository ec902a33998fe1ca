import type { VoiceSession } from "../../contracts/voice.ts";
import type { AbortScope } from "../../time/abort-scope.ts";

/** Everything one inbound event sets in motion: its deliveries, the replies to it, the replies to those. */
export class Cascade {
  /** Aborts when whoever started it cancels, or the room closes. */
  readonly scope: AbortScope;
  /** The session whose words began it. */
  readonly session: VoiceSession | undefined;
  /** No intelligence is asked for a reply to it. */
  readonly unanswered: boolean;
  #pending = 0;
  #replies = 0;
  #waiting: (() => void)[] = [];

  constructor(scope: AbortScope, session?: VoiceSession, unanswered = false) {
    this.scope = scope;
    this.session = session;
    this.unanswered = unanswered;
  }

  /** Makes `done` wait for `work`, however it ends. */
  track(work: Promise<unknown>): void {
    this.#pending++;
    const finish = (): void => {
      if (--this.#pending > 0) return;
      for (const resolve of this.#waiting.splice(0)) resolve();
    };
    work.then(finish, finish);
  }

  /** Counts one more reply; false when there have been `max`. */
  takeReply(max: number): boolean {
    return ++this.#replies <= max;
  }

  /** Resolves when nothing that was tracked is left, at once when that is so now. */
  done(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
