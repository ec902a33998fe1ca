import type { RealtimePort } from "@roomkit/provider-utils";

/** Something that was put into the conversation and wants an answer. */
interface Request {
  readonly itemId: string;
  /** The vendor has said that it stands in the conversation: a response that begins from now on has read it. */
  read: boolean;
  /** It was there before speech ended: all that is known of a vendor that does not say what it has read. */
  early: boolean;
}

export interface RequestsOptions {
  readonly port: Pick<RealtimePort, "after">;
  /** The vendor answers what is said without being asked. */
  readonly answersSpeech: boolean;
  /** Calls the model has made are not answered yet: what they come to is wanted in the same answer. */
  readonly callsOpen: () => boolean;
  readonly create: () => void;
  readonly cancel: (responseId: string) => void;
  /** A request the vendor has refused again and again is given up. */
  readonly onGivenUp: () => void;
}

/** How long the vendor may take to answer speech by itself before it is asked to, ms. */
const OWN_RESPONSE_MS = 2_000;
/** Longest wait for speech to end, or for calls to be answered, ms. */
const MAX_HOLD_MS = 60_000;
/** Wait after a refusal whose reason is not to be seen, ms, and how often. */
const REFUSED_MS = 2_000;
const MAX_REFUSALS = 5;

/**
 * Asks for responses: one at a time, never over the caller's speech, once for all that waits. The orders things come in:
 *
 * | when it is asked for                    | what happens                                                                |
 * | --------------------------------------- | --------------------------------------------------------------------------- |
 * | nothing is under way                    | asked for at once                                                           |
 * | a response is asked for, or under way   | asked for when that has ended: it has not read what came after it was begun |
 * | the caller speaks                       | held to the end of the speech; a response the vendor then makes covers it   |
 * | the caller begins to speak after it     | cancelled when it begins, and held as above                                 |
 * | the vendor's own response crosses it    | ours is refused; covered if it was read before, else asked for again        |
 * | calls are open                          | held for the last result                                                    |
 *
 * An interruption gives up what waits, and cancels what was asked for as soon as it has an id; what is asked for after it is
 * another matter. Nothing is held for ever: each wait has an end.
 */
export class Requests {
  readonly #options: RequestsOptions;
  /** Wants an answer no response that has begun will give. */
  #pending: Request[] = [];
  /** What the `response.create` on its way is for. */
  #asked: Request[] | undefined;
  #askedUnwanted = false;
  #active: string | undefined;
  #speaking = false;
  /** Speech has ended that the vendor will answer. */
  #ownDue = false;
  #ownUnwanted = false;
  /** Speech has ended that the vendor owes an answer to, however long it takes. */
  #unanswered = false;
  /** This vendor says what it has read. */
  #acknowledges = false;
  #refusals = 0;
  #blocked = false;
  #overdue = false;
  #stopHold: (() => void) | undefined;
  #stopOwn: () => void = () => {};
  #stopBlock: () => void = () => {};

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** A response has been asked for and is not there, or is under way. */
  get underWay(): boolean {
    return this.#active !== undefined || this.#asked !== undefined;
  }

  /** The vendor has not begun to answer speech that it answers by itself. */
  get speechUnanswered(): boolean {
    return this.#unanswered;
  }

  /** Something wants an answer that has not been asked for. */
  get waiting(): boolean {
    return this.#pending.length > 0;
  }

  /** Item `itemId` wants an answer; without an id: what the vendor has been given already. */
  want(itemId = ""): void {
    this.#pending.push({ itemId, read: itemId === "", early: false });
    this.proceed();
  }

  /** The item stands in the vendor's conversation. */
  read(itemId: string): void {
    for (const request of [...this.#pending, ...(this.#asked ?? [])]) {
      if (request.itemId !== itemId || itemId === "") continue;
      request.read = true;
      this.#acknowledges = true;
    }
  }

  /** The vendor does not take the item: there is nothing to answer. */
  unreadable(itemId: string): void {
    this.#pending = this.#pending.filter((request) => request.itemId !== itemId);
    this.#asked = this.#asked?.filter((request) => request.itemId !== itemId);
  }

  speechBegan(): void {
    this.#speaking = true;
    this.#unanswered = false;
    this.#settleOwn();
  }

  /** @param answered the vendor answers this speech by itself, if it does that at all */
  speechEnded(answered: boolean): void {
    this.#speaking = false;
    this.#settleOwn();
    if (answered && this.#options.answersSpeech) {
      for (const request of this.#pending) request.early = true;
      this.#ownDue = true;
      this.#unanswered = true;
      this.#stopOwn = this.#options.port.after(OWN_RESPONSE_MS, () => {
        this.#settleOwn();
        this.proceed();
      });
    } else this.proceed();
  }

  created(id: string): void {
    if (this.#active === id) return;
    this.#active = id;
    this.#unanswered = false;
    this.#unblock();
    const asked = this.#asked;
    const own = this.#ownUnwanted;
    this.#settleOwn();
    const covered = ({ read, early }: Request): boolean => read || (early && !this.#acknowledges);
    if (!asked) this.#pending = this.#pending.filter((request) => !covered(request));
    else if (asked.every(({ read }) => read)) {
      // Ours comes after what it is for has been read; one that comes before is the vendor's, and ours will be refused.
      this.#asked = undefined;
      this.#refusals = 0;
      if (this.#speaking && !this.#askedUnwanted) {
        this.#pending.unshift(...asked);
        this.#options.cancel(id);
        return;
      }
    } else if (this.#acknowledges) {
      this.#asked = asked.filter(({ read }) => !read);
      this.#pending = this.#pending.filter(({ read }) => !read);
      if (own) this.#options.cancel(id);
      return;
    }
    if (this.#askedUnwanted) {
      this.#asked = undefined;
      this.#askedUnwanted = false;
      this.#options.cancel(id);
    } else if (own) this.#options.cancel(id);
  }

  done(): void {
    this.#active = undefined;
    // Neither refused nor begun in all that time: it was this one, of a vendor that does not say all it has read.
    this.#asked = undefined;
    this.#askedUnwanted = false;
    this.#unblock();
    this.proceed();
  }

  /** The request was refused. `active`: because a response is under way. */
  refused(active: boolean): void {
    const asked = this.#asked;
    const unwanted = this.#askedUnwanted;
    this.#asked = undefined;
    this.#askedUnwanted = false;
    if (active && asked && !unwanted) {
      if (++this.#refusals < MAX_REFUSALS) this.#pending.unshift(...asked);
      else {
        this.#refusals = 0;
        this.#options.onGivenUp();
      }
      if (this.#active === undefined) {
        this.#unblock();
        this.#blocked = true;
        this.#stopBlock = this.#options.port.after(REFUSED_MS, () => {
          this.#blocked = false;
          this.proceed();
        });
      }
    }
    this.proceed();
  }

  /** What is under way, asked for or waiting is not wanted any more. */
  interrupt(): void {
    const id = this.#active;
    this.#unanswered = false;
    this.#pending = [];
    this.#askedUnwanted = this.#asked !== undefined;
    this.#ownUnwanted = this.#ownDue;
    if (id !== undefined) this.#options.cancel(id);
  }

  /** The connection is gone. */
  lost(): void {
    this.#pending = [];
    this.#asked = undefined;
    this.#askedUnwanted = false;
    this.#active = undefined;
    this.#speaking = false;
    this.#unanswered = false;
    this.#acknowledges = false;
    this.#refusals = 0;
    this.#settleOwn();
    this.#unblock();
    this.#unhold();
  }

  /** Asks for what waits, if its time has come. */
  proceed(): void {
    if (this.#pending.length === 0) this.#unhold();
    if (this.#pending.length === 0 || this.underWay || this.#blocked) return;
    if (!this.#overdue && (this.#speaking || this.#options.callsOpen())) {
      this.#stopHold ??= this.#options.port.after(MAX_HOLD_MS, () => {
        this.#overdue = true;
        this.proceed();
      });
      return;
    }
    if (this.#ownDue) return;
    this.#unhold();
    this.#asked = this.#pending;
    this.#pending = [];
    this.#options.create();
  }

  #settleOwn(): void {
    this.#stopOwn();
    this.#ownDue = false;
    this.#ownUnwanted = false;
  }

  #unblock(): void {
    this.#stopBlock();
    this.#blocked = false;
  }

  #unhold(): void {
    this.#stopHold?.();
    this.#stopHold = undefined;
    this.#overdue = false;
  }
}
