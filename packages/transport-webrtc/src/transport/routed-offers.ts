import type { Bus, Clock, CloseReason, Logger } from "@roomkit/core";
import type { CandidateRequest, OfferRequest, SignalAnswer } from "@roomkit/protocol";
import type { AskMessage, Verdict } from "../bus/messages.ts";
import { Peers } from "../bus/peers.ts";
import {
  type CandidateVerdict,
  type ClientContext,
  failed,
  type OfferHooks,
  Offers,
  type OffersOptions,
} from "./offers.ts";

/** Offers of other processes that are being answered here, at once. */
const MAX_RETURNING = 16;

interface RoutedOptions extends OffersOptions {
  readonly bus: Bus | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Offers and candidates, wherever their calls live: what belongs to one of another process goes there over the bus. */
export class RoutedOffers extends Offers {
  readonly #peers: Peers | undefined;
  #returning = 0;

  constructor(options: RoutedOptions) {
    super(options);
    const { bus, clock, logger } = options;
    this.#peers = bus && new Peers({ bus, clock, logger, take: (ask, tell) => this.#take(ask, tell) });
  }

  override async offer(request: OfferRequest, client: ClientContext, hooks: OfferHooks): Promise<SignalAnswer> {
    // Whose session is nowhere begins a new one here.
    if (this.#peers && request.protocol === 1 && request.resume !== undefined && !this.knows(request, client)) {
      const { verdict, sdp } = await this.#peers.ask(request, client);
      if (verdict === "success" && sdp !== undefined) {
        hooks.release();
        return { type: "answer", sdp, webrtc_id: request.webrtc_id };
      }
    }
    return await super.offer(request, client, hooks);
  }

  /** Takes a candidate for a call here or elsewhere. Never rejects. */
  async route(request: CandidateRequest, client: ClientContext): Promise<SignalAnswer | "forbidden"> {
    let onTaken = (): void => {};
    const taken = new Promise<void>((resolve) => {
      onTaken = resolve;
    });
    const here = this.candidate(request, client, onTaken);
    if (!this.#peers) return answer(here);
    if (here === "success" || here === "invalid_candidate_format") return answer(here);
    const { verdict } = await this.#peers.ask(request, client, taken);
    if (verdict !== "silent") return answer(verdict);
    return answer(here === "held" ? "unknown_connection" : here);
  }

  override async close(reason: CloseReason): Promise<void> {
    await this.#peers?.close();
    await super.close(reason);
  }

  /** What came to another process. Where it is not known here either nothing is said: somebody else may know it. */
  #take({ request, identity, address }: AskMessage, tell: (verdict: Verdict, sdp?: string) => void): void {
    const client: ClientContext = { metadata: {}, identity, address };
    if (request.type === "offer") {
      if (this.knows(request, client)) void this.#takeBack(request, client, tell);
      return;
    }
    const verdict = this.candidate(request, client, () => tell("success"));
    if (verdict === "success" || verdict === "forbidden" || verdict === "connection_closed") tell(verdict);
  }

  /** Somebody comes back to their connection by way of another process. */
  async #takeBack(request: OfferRequest, client: ClientContext, tell: (verdict: Verdict, sdp?: string) => void) {
    if (this.#returning >= MAX_RETURNING) return tell("refused");
    this.#returning++;
    try {
      const made = await super.offer(request, client, { onReady: () => {}, release: () => {}, onlyBack: true });
      if ("sdp" in made) tell("success", made.sdp);
      else tell("refused");
    } catch {
      // The other process begins a new call, and says why where that is not possible either.
      tell("refused");
    } finally {
      this.#returning--;
    }
  }
}

function answer(verdict: CandidateVerdict | (string & {})): SignalAnswer | "forbidden" {
  if (verdict === "forbidden") return "forbidden";
  return verdict === "success" || verdict === "held" ? { status: "success" } : failed(verdict);
}
