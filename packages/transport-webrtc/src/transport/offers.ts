import { type CloseReason, type Metadata, type RemoteCandidate, RoomKitError, sameFormat } from "@roomkit/core";
import type { CandidateRequest, OfferRequest, SignalAnswer } from "@roomkit/protocol";
import { type MediaConnection, ResumeDesk } from "@roomkit/transport-utils";
import type { MediaCall, MediaHost } from "../host/media-host.ts";
import { completeAnswer } from "../sdp/answer-form.ts";
import { parseCandidate } from "../sdp/candidate.ts";
import { RtcSession } from "../session/rtc-session.ts";
import { CandidateHold } from "../signalling/candidate-hold.ts";
import { ConnectionTable, type Place } from "./connection-table.ts";
import { candidateFilter, negotiate, readOffer } from "./negotiate.ts";
import type { TransportSettings } from "./settings.ts";

/** A connection that may outlive its client's peer. */
interface Resumable {
  readonly connection: MediaConnection;
  /** Who it belongs to, as authentication sees it. */
  readonly identity: string;
  /** Audio takes the data channel; a client that comes back must be served the same way. */
  readonly dataChannelAudio: boolean;
  /** When it began, ms on the clock. */
  readonly startedAt: number;
  /** The client's peer now; undefined while it is away. */
  holder: RtcSession | undefined;
}

/** What is known of the client behind an offer or a candidate. */
export interface ClientContext {
  /** Of authentication. */
  readonly metadata: Metadata;
  /** Says whether two requests are of one client; made from its token, or from its metadata. */
  readonly identity: string;
  /** Where its HTTP request came from. */
  readonly address: string;
}

export interface OffersOptions {
  readonly settings: TransportSettings;
  readonly host: MediaHost;
  /** A session belongs to this connection, so that it is worth waiting for its client. */
  readonly hasSession: (connection: MediaConnection) => boolean;
  /** Why a newcomer is refused just now. */
  readonly refusal: () => "draining" | "node_full" | undefined;
}

/** What follows an offer. */
export interface OfferHooks {
  /** A new client is connected. */
  readonly onReady: (session: RtcSession) => void;
  /** Only for a client who comes back: there is to be no new call. */
  readonly onlyBack?: boolean | undefined;
  /** Called once, when nothing of the connection is left; also when the offer is refused. */
  readonly release: () => void;
}

/** What became of a candidate here; `held`: its offer has not come yet, and `onTaken` is called if it does. */
export type CandidateVerdict =
  | "success"
  | "held"
  | "forbidden"
  | "invalid_candidate_format"
  | "connection_closed"
  | "unknown_connection";

export const failed = (error: string): SignalAnswer => ({ status: "failed", meta: { error } });

/** Turns offers into sessions, and gives candidates to the sessions they belong to. */
export class Offers {
  readonly #options: OffersOptions;
  readonly #table: ConnectionTable;
  readonly #hold: CandidateHold;
  readonly #desk: ResumeDesk<Resumable>;
  /** Of every connection, also of those whose clients are away. */
  readonly #resumables = new Map<MediaConnection, Resumable>();
  /** Of connections whose clients came back by way of another process, the last peer they came with. */
  readonly #back = new Map<MediaConnection, RtcSession>();
  #closed = false;

  constructor(options: OffersOptions) {
    this.#options = options;
    const { clock, limits } = options.settings;
    this.#table = new ConnectionTable(clock);
    this.#hold = new CandidateHold(clock, limits.candidates);
    this.#desk = new ResumeDesk({ clock, resumeMs: limits.resumeMs, maxSuspended: limits.maxSuspended });
  }

  /** Connections from their offer to their end. */
  get size(): number {
    return this.#table.size;
  }

  /** The session of a connection id; undefined also while its client is away. */
  find(id: string): RtcSession | undefined {
    for (const { connection, holder } of this.#resumables.values()) if (connection.id === id) return holder;
    return undefined;
  }

  /** The session that holds a connection now. */
  holderOf(connection: MediaConnection): RtcSession | undefined {
    return this.#resumables.get(connection)?.holder;
  }

  /** Whether a client who comes back has their connection here. */
  knows(request: OfferRequest, client: Pick<ClientContext, "identity">): boolean {
    return request.resume !== undefined && this.#desk.find(request.resume)?.identity === client.identity;
  }

  /** @throws RoomKitError `node_full` and `draining` (retryable), `invalid_sdp`, `sdp_too_large`, `no_free_port`, `closed`. */
  async offer(request: OfferRequest, client: ClientContext, hooks: OfferHooks): Promise<SignalAnswer> {
    let place: Place | undefined;
    try {
      this.#assertOpen();
      const refusal = request.resume === undefined ? this.#options.refusal() : undefined;
      if (refusal) throw new RoomKitError(refusal, "this server takes no more calls now", { retryable: true });
      const offer = readOffer(request.sdp, this.#options.settings, client.address);
      // Reserved before anything is awaited: of two offers with one name, one is refused whatever comes first.
      place = this.#table.take(request.webrtc_id, client.identity);
      if (!place) {
        hooks.release();
        return failed("connection_already_exists");
      }
      place.candidates = offer.candidates.length;
      const { settings, host } = this.#options;
      const call = await negotiate(offer, host, settings, client.address);
      try {
        this.#assertOpen();
        place.session = this.#session(request, client, place, call, hooks);
      } catch (error) {
        await call.close();
        throw error;
      }
      for (const { candidate, onTaken } of this.#hold.take(request.webrtc_id, client.identity)) {
        if (candidate) this.#add(place, candidate);
        onTaken?.();
      }
      return { type: "answer", sdp: completeAnswer(call.answer, offer.form), webrtc_id: request.webrtc_id };
    } catch (error) {
      if (place) this.#table.release(place);
      hooks.release();
      throw error;
    }
  }

  /** Takes a trickled candidate. One that came before its offer is held for it. */
  candidate(
    request: CandidateRequest,
    client: Pick<ClientContext, "identity" | "address">,
    onTaken?: () => void,
  ): CandidateVerdict {
    const { webrtc_id: label } = request;
    const place = this.#table.get(label);
    if (place && place.identity !== client.identity) return "forbidden";
    const text = request.candidate.candidate;
    // The end of candidates needs no action: the timeout ends what does not connect.
    const parsed = text === "" ? "ignored" : parseCandidate(text);
    if (parsed === undefined) return "invalid_candidate_format";
    const allowed = candidateFilter(this.#options.settings, client.address);
    const usable = parsed !== "ignored" && allowed(parsed) ? parsed : undefined;
    if (place?.session) {
      if (usable) this.#add(place, usable);
      return "success";
    }
    if (!place && this.#table.recentlyClosed(label)) return "connection_closed";
    const held = this.#hold.add(label, client.identity, { candidate: usable, onTaken });
    return held ? "held" : "unknown_connection";
  }

  /** Ends every session; later offers are refused. */
  async close(reason: CloseReason): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#table].map((place) => place.session?.close(reason)));
  }

  #assertOpen(): void {
    if (this.#closed) throw new RoomKitError("closed", "this transport is closed");
  }

  #add(place: Place, candidate: RemoteCandidate): void {
    if (place.candidates >= this.#options.settings.limits.candidates) return;
    place.candidates++;
    place.session?.call.addCandidate(candidate);
  }

  #session(request: OfferRequest, client: ClientContext, place: Place, call: MediaCall, hooks: OfferHooks): RtcSession {
    const { settings, hasSession } = this.#options;
    const resumed = this.#resumable(request, client, call);
    if (hooks.onlyBack && !resumed) throw new RoomKitError("closed", "what the client came back to is over");
    const session = new RtcSession({
      call,
      resumed,
      id: resumed?.connection.id ?? settings.ids("connection"),
      label: request.webrtc_id,
      metadata: client.metadata,
      v1: request.protocol === 1,
      settings,
      onReady: (ready) => {
        if (resumed) return this.#claim(request.resume ?? "", ready);
        hooks.onReady(ready);
        return true;
      },
      issueToken: ({ connection }) => {
        const resumable = this.#resumables.get(connection);
        if (!resumable) return "";
        const token = this.#desk.issue(resumable);
        // A data channel loses nothing.
        this.#desk.confirm(resumable);
        return token;
      },
      onLost: ({ connection }) => {
        const resumable = this.#resumables.get(connection);
        if (!resumable || !hasSession(connection) || !this.#desk.suspend(resumable)) return false;
        resumable.holder = undefined;
        return true;
      },
      onEnded: () => {
        this.#table.release(place);
        if (resumed && this.#back.get(resumed.connection) === session) this.#back.delete(resumed.connection);
        hooks.release();
      },
    });
    if (hooks.onlyBack && resumed) this.#comesBack(resumed, session);
    if (!resumed) this.#register(session, client);
    return session;
  }

  /** No mount counts these: of each connection there is one at a time, besides the peer that holds it. */
  #comesBack({ connection, holder }: Resumable, session: RtcSession): void {
    const before = this.#back.get(connection);
    this.#back.set(connection, session);
    if (before && before !== holder) void before.close({ code: "resumed_elsewhere", message: "the client came again" });
  }

  #register(session: RtcSession, client: ClientContext): void {
    const { connection, startedAt, call } = session;
    const resumable: Resumable = {
      connection,
      identity: client.identity,
      dataChannelAudio: !call.sends,
      startedAt,
      holder: session,
    };
    this.#resumables.set(connection, resumable);
    connection.onClose(() => {
      this.#resumables.delete(connection);
    });
  }

  /** The new peer works: it holds the connection from here on, and a peer still there goes. False when it is too late. */
  #claim(token: string, session: RtcSession): boolean {
    const resumable = this.#desk.take(token);
    if (!resumable) return false;
    const before = resumable.holder;
    resumable.holder = session;
    before?.supersede();
    return true;
  }

  /** The connection a client comes back to; undefined when its token is none of its own, or its audio is not the same any more. */
  #resumable(request: OfferRequest, client: ClientContext, call: MediaCall): Resumable | undefined {
    if (request.protocol !== 1 || request.resume === undefined) return undefined;
    const resumable = this.#desk.find(request.resume);
    // Shown by another client it is worth nothing.
    if (resumable?.identity !== client.identity) return undefined;
    const { connection, dataChannelAudio } = resumable;
    const same =
      sameFormat(connection.inbound, call.inbound) &&
      sameFormat(connection.outbound, call.outbound) &&
      dataChannelAudio === !call.sends;
    return same ? resumable : undefined;
  }
}
