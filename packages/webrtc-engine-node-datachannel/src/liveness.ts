import type { DataChannel } from "node-datachannel";
import { safe } from "./safe.ts";

export interface LivenessHost {
  /** Asks the client for a sender report; false when it has sent nothing yet that it could report on. */
  readonly requestReport: () => boolean;
  /** Opens a data channel, which the client's stack must acknowledge; undefined while there is no SCTP. */
  readonly openChannel: () => DataChannel | undefined;
  readonly onListenerError: (error: unknown) => void;
}

/** How often {@link Liveness.check} is to be called, ms. */
export const CHECK_MS = 1_000;
/** Checks without a sign after which the client is asked for one. */
const QUIET_CHECKS = 1;
/** SCTP sends each again ever more slowly, so new ones are opened beside them, until there are this many. */
const MAX_UNANSWERED = 6;
/** Two requests answered in a row: browsers send reports of their own accord at least 2.5 s apart. */
const ANSWERS_NEEDED = 2;
const MAX_TRIES = 5;

/**
 * What is known of a client's being alive. libdatachannel does not tell of STUN or SACKs; RTP, RTCP and messages it does. A
 * client that sends none of these is asked for some: for a sender report (RFC 6051), and to acknowledge a data channel
 * (RFC 8832). Stacks answer both by themselves. One that can be asked neither counts as alive for as long as libdatachannel
 * says so, by its own consent checks.
 */
export class Liveness {
  readonly #host: LivenessHost;
  readonly #unanswered = new Set<DataChannel>();
  #signs = 0;
  #seen = 0;
  #quiet = 0;
  #tries = 0;
  #tried = false;
  #answers = 0;

  constructor(host: LivenessHost) {
    this.#host = host;
  }

  /** Signs of life so far. */
  get signs(): number {
    return this.#signs;
  }

  /** Something came from the client. */
  sign(): void {
    this.#signs++;
  }

  /** A sender report came. */
  report(): void {
    this.#signs++;
    if (this.#tried) this.#answers++;
    this.#tried = false;
  }

  /** To be called while libdatachannel says that the client is connected. */
  check(hasChannel: boolean): void {
    const alive = this.#signs !== this.#seen;
    this.#seen = this.#signs;
    this.#quiet = alive ? 0 : this.#quiet + 1;
    if (alive && !hasChannel) this.#tryReports();
    if (this.#quiet < QUIET_CHECKS) return;
    const asked = this.#host.requestReport();
    if (hasChannel) {
      // Pages get to see it, so only where a report cannot be had, or did not come.
      if (!asked || this.#quiet > QUIET_CHECKS) this.#openChannel();
    } else if (!asked || this.#answers < ANSWERS_NEEDED) this.sign();
  }

  close(): void {
    for (const channel of this.#unanswered) closeQuietly(channel);
    this.#unanswered.clear();
  }

  /** Whether a client answers requests is found out while it speaks: silent, it may be gone. */
  #tryReports(): void {
    if (this.#answers >= ANSWERS_NEEDED || this.#tries >= MAX_TRIES) return;
    if (this.#tried) this.#answers = 0;
    this.#tried = this.#host.requestReport();
    if (this.#tried) this.#tries++;
  }

  #openChannel(): void {
    if (this.#unanswered.size >= MAX_UNANSWERED) return;
    const channel = this.#host.openChannel();
    if (!channel) return;
    this.#unanswered.add(channel);
    channel.onOpen(
      safe(this.#host.onListenerError, () => {
        if (!this.#unanswered.delete(channel)) return;
        this.sign();
        closeQuietly(channel);
      }),
    );
    channel.onClosed(safe(this.#host.onListenerError, () => void this.#unanswered.delete(channel)));
  }
}

function closeQuietly(channel: DataChannel): void {
  try {
    channel.close();
  } catch {
    // It closed by itself just now.
  }
}
