import type { Clock, Logger } from "@roomkit/core";
import type { CandidateRequest, OfferRequest, SignalAnswer } from "@roomkit/protocol";
import type { SessionFactory } from "@roomkit/transport-utils";
import type { ClientContext } from "../transport/offers.ts";
import type { TransportSettings } from "../transport/settings.ts";

/** How a mount wants an offer's client treated. */
export interface OfferHandling {
  readonly sessionFactory?: SessionFactory | undefined;
  /** Called once, when nothing of the connection is left; also when the offer is refused. */
  readonly release: () => void;
}

/** What signalling needs of the transport it speaks for. */
export interface SignalledTransport {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: TransportSettings;
  warmUp(signal?: AbortSignal): Promise<void>;
  /** A client was not let in, for this reason. */
  noteRefusal(code: string): void;
  /**
   * Answers an offer. Refusals come as `status: "failed"`.
   *
   * @throws RoomKitError `invalid_sdp`, `sdp_too_large` (the client's fault), `no_free_port`, `closed`.
   */
  offer(request: OfferRequest, client: ClientContext, handling: OfferHandling): Promise<SignalAnswer>;
  /** Takes a trickled candidate; `forbidden` when it is not from the client that made the offer. */
  candidate(request: CandidateRequest, client: ClientContext): Promise<SignalAnswer | "forbidden">;
}
