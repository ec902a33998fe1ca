import { type Bus, BusMember, type Clock, keepNewest, type Logger, RoomKitError, randomId } from "@roomkit/core";
import type { CandidateRequest, OfferRequest } from "@roomkit/protocol";
import type { ClientContext } from "../transport/offers.ts";
import { type AnswerMessage, type AskMessage, busMessage, parseMessage, type Verdict } from "./messages.ts";

const TOPIC = "webrtc";
/** Longest wait for the process that has a call, ms: an offer may follow its candidates. */
const CANDIDATE_MS = 3_000;
/** The same for somebody who comes back: without an answer they get a new call here. */
const OFFER_MS = 1_500;
/** Requests that wait for their answers: in all, and of one address. */
const MAX_WAITING = 500;
const MAX_WAITING_ADDRESS = 50;
/** Asks that are remembered in case they come twice, and calls of which it is known who has them. */
const MAX_REMEMBERED = 1_000;

export type Answer =
  | { readonly verdict: Verdict; readonly sdp?: string | undefined }
  /** `silent`: nobody has it. `timeout`: who had it does not answer. Or it could not be asked: `busy`, or a code of the bus. */
  | { readonly verdict: "silent" | "timeout" | "busy" | (string & {}); readonly sdp?: undefined };

export interface PeersOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * Does here what another process was asked for; `tell` may come later, or never: it is not known here. Of one ask the first answer
   * counts.
   */
  readonly take: (ask: AskMessage, tell: (verdict: Verdict, sdp?: string) => void) => void;
}

interface Waiting {
  readonly call: string;
  readonly address: string;
  /** Only it may answer. */
  readonly owner: string | undefined;
  readonly settle: (answer: Answer) => void;
  /** What one process said that may not be the right one. */
  worst: Verdict | undefined;
}

/**
 * The transports of other processes. What a client asks for may come to any of them: it is told to all, and who has the call answers;
 * from then on that one is asked alone.
 *
 * | what comes                      | then                                                          |
 * | ------------------------------- | ------------------------------------------------------------- |
 * | `success`                       | that is the answer, and who gave it is asked next time        |
 * | `forbidden`, `closed`, `refused`| the answer when nobody else has said `success` in time        |
 * | nothing                         | `silent`; `timeout` where one alone was asked, who is forgotten |
 * | an answer to nothing            | nothing: it was given already, came too late, or is made up   |
 * | an answer of another than asked | nothing                                                       |
 * | the same ask again              | nothing: it is done, or being done                            |
 */
export class Peers {
  readonly #options: PeersOptions;
  readonly #id = randomId("webrtc");
  readonly #member: BusMember;
  readonly #waiting = new Map<string, Waiting>();
  readonly #seen = new Map<string, true>();
  readonly #owners = new Map<string, string>();

  constructor(options: PeersOptions) {
    this.#options = options;
    const { bus, clock, logger } = options;
    this.#member = new BusMember({
      ...{ bus, topic: TOPIC, self: this.#id, clock, logger },
      warning: "what belongs to calls of other processes does not reach them",
      onMessage: (data) => this.#receive(data),
    });
  }

  /** Requests that wait for another process. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Asks the others. @param here resolves when it is done here after all. Never rejects. */
  ask(request: CandidateRequest | OfferRequest, client: ClientContext, here?: Promise<void>): Promise<Answer> {
    const { identity, address } = client;
    if (this.#member.closed) return Promise.resolve({ verdict: "draining" });
    let ofAddress = 0;
    for (const each of this.#waiting.values()) if (each.address === address) ofAddress++;
    if (this.#waiting.size >= MAX_WAITING || ofAddress >= MAX_WAITING_ADDRESS)
      return Promise.resolve({ verdict: "busy" });
    const id = randomId("ask");
    const call = `${identity} ${request.webrtc_id}`;
    const owner = this.#owners.get(call);
    return new Promise((resolve) => {
      const cancel = this.#options.clock.setTimeout(
        () => {
          this.#owners.delete(call);
          const silent: Answer = { verdict: owner === undefined ? "silent" : "timeout" };
          const { worst } = this.#waiting.get(id) ?? {};
          settle(worst ? { verdict: worst } : silent);
        },
        request.type === "offer" ? OFFER_MS : CANDIDATE_MS,
      );
      const settle = (answer: Answer): void => {
        cancel();
        this.#waiting.delete(id);
        resolve(answer);
      };
      this.#waiting.set(id, { call, address, owner, settle, worst: undefined });
      void here?.then(() => settle({ verdict: "success" }));
      const told: AskMessage = { type: "ask", id, from: this.#id, request, identity, address };
      this.#member.tell(busMessage(told), owner, (error) => settle({ verdict: RoomKitError.from(error).code }));
    });
  }

  /** Who is known to have a call: the next of what belongs to it goes there alone. */
  #learn(call: string, owner: string): void {
    this.#owners.delete(call);
    this.#owners.set(call, owner);
    keepNewest(this.#owners, MAX_REMEMBERED);
  }

  async close(): Promise<void> {
    const closed = this.#member.close();
    for (const { settle } of [...this.#waiting.values()]) settle({ verdict: "draining" });
    await closed;
  }

  #receive(data: unknown): void {
    const told = parseMessage(data);
    if (!told || told.from === this.#id) return;
    if (told.type === "answer") this.#answered(told);
    else this.#asked(told);
  }

  #answered({ id, from, verdict, sdp }: AnswerMessage): void {
    const waiting = this.#waiting.get(id);
    if (!waiting || (waiting.owner !== undefined && waiting.owner !== from)) return;
    // Two processes may have calls of one name: only whose client it is says `success`.
    if (verdict === "success") {
      this.#learn(waiting.call, from);
      waiting.settle({ verdict, sdp });
    } else waiting.worst = verdict === "forbidden" ? verdict : (waiting.worst ?? verdict);
  }

  #asked(ask: AskMessage): void {
    const { id, from } = ask;
    if (this.#seen.has(id)) return;
    this.#seen.set(id, true);
    keepNewest(this.#seen, MAX_REMEMBERED);
    let told = false;
    this.#options.take(ask, (verdict, sdp) => {
      if (told) return;
      told = true;
      this.#member.tell(busMessage({ type: "answer", id, from: this.#id, verdict, sdp }), from);
    });
  }
}
