import {
  assertOptions,
  type Clock,
  errorFields,
  type Logger,
  RoomKitError,
  type VoiceCapabilities,
} from "@roomkit/core";
import type { CandidateRequest, OfferRequest, SignalAnswer } from "@roomkit/protocol";
import {
  DRAINING,
  giveSession,
  isRefusal,
  type PacingLateness,
  PacingWheel,
  SessionBackend,
  SessionRegistry,
} from "@roomkit/transport-utils";
import type { MediaHost, MediaLoad } from "../host/media-host.ts";
import type { ConnectionStats, RtcSession } from "../session/rtc-session.ts";
import { type FetchHandler, fetchHandler } from "../signalling/mount.ts";
import { type SignallingOptions, signallingKinds } from "../signalling/options.ts";
import type { OfferHandling, SignalledTransport } from "../signalling/signalled-transport.ts";
import { mediaHost } from "./media.ts";
import type { ClientContext } from "./offers.ts";
import type { WebRTCTransportOptions } from "./options.ts";
import { RoutedOffers } from "./routed-offers.ts";
import { type TransportSettings, transportSettings } from "./settings.ts";

/** Voice over WebRTC: browsers by an SDP offer, audio as RTP tracks, messages on a data channel. */
export class WebRTCTransport extends SessionBackend implements SignalledTransport {
  readonly name = "webrtc";
  /** Browsers remove echo and level the microphone before Opus. */
  readonly capabilities: VoiceCapabilities = { nativeEchoCancellation: true, nativeGainControl: true };
  /** The options in force. */
  readonly settings: TransportSettings;
  readonly #host: MediaHost;
  readonly #offers: RoutedOffers;
  readonly #signalling: SignallingOptions;
  #fetch: FetchHandler | undefined;
  #closed = false;

  /** @throws RoomKitError `invalid_option` */
  constructor(options: WebRTCTransportOptions) {
    assertOptions("WebRTCTransport", options, {
      oneOf: { outboundAudio: ["opus", "pcmu", "datachannel"] },
      number: ["inputSampleRate", "outputSampleRate", "leadMs"],
      boolean: ["allowLoopback", "allowPrivate", "playedSilence"],
      function: ["ids"],
      object: ["engine", "opus", "mulaw", "bus", "clock", "logger"],
      members: {
        workers: { number: ["count", "calls"] },
        // Its numbers have defaults, and their ranges stand with those.
        limits: {},
        signalling: signallingKinds,
      },
    });
    const settings = transportSettings(options);
    const { clock, logger, ids, limits } = settings;
    super(new SessionRegistry({ clock, logger, ids, acceptTimeoutMs: limits.factoryTimeoutMs }), ids);
    this.settings = settings;
    this.#signalling = options.signalling ?? {};
    this.#host = mediaHost(options, settings);
    this.#offers = new RoutedOffers({
      ...{ settings, clock, logger, bus: options.bus },
      host: this.#host,
      refusal: () => this.refusal,
      hasSession: (connection) => this.registry.ownerOf(connection) !== undefined,
    });
  }

  /** For what is mounted beside it. */
  get clock(): Clock {
    return this.settings.clock;
  }

  get logger(): Logger {
    return this.settings.logger;
  }

  /** Connections from their offer to their end. */
  get size(): number {
    return this.#offers.size;
  }

  /** Counters of a live connection: packets, loss, what was dropped and why; undefined when there is none of this id. */
  statsOf(connectionId: string): ConnectionStats | undefined {
    return this.#offers.find(connectionId)?.stats;
  }

  /** How late the audio of its calls was, by the wheel that they share with all others on its clock; what workers pace is not in it. */
  get pacing(): PacingLateness {
    return PacingWheel.shared(this.clock).lateness;
  }

  /** How busy each thread that does media is: this one, or the workers that run. */
  get load(): readonly MediaLoad[] {
    return this.#host.load;
  }

  /**
   * Serves the endpoints web-standard, under any base path, as `signalling` among the options says. `client.address` is where
   * the request came from. Inside another mount (`mountVoice(server, backend, { webrtc: transport })`) that mount's
   * authentication counts; elsewhere, without `auth` and `allowAnonymous`, everything is answered 401.
   */
  fetch(request: Request, client?: { readonly address?: string | undefined }): Promise<Response> {
    this.#fetch ??= fetchHandler(this, this.#signalling);
    return this.#fetch(request, client);
  }

  /**
   * Loads codecs and keys, rehearses a call over loopback and starts the first worker, so that the first client does not wait for any of it;
   * mounting does it. `signal` calls the rehearsal off. Safe to call twice.
   */
  async warmUp(signal?: AbortSignal): Promise<void> {
    // Node loads it with its first use.
    void new Request("http://localhost/");
    await this.#host.warmUp(signal);
  }

  // Signalling --------------------------------------------------------------------------------------------------------------

  /**
   * Answers an offer. Refusals come as `status: "failed"`.
   *
   * @throws RoomKitError `invalid_sdp`, `sdp_too_large` (the client's fault), `no_free_port`, `closed`.
   */
  offer(request: OfferRequest, client: ClientContext, handling: OfferHandling): Promise<SignalAnswer> {
    return this.#offers.offer(request, client, {
      onReady: (session) => this.#ready(session, handling, client.address),
      release: handling.release,
    });
  }

  /** Takes a trickled candidate; `forbidden` when it is not from the client that made the offer. Never rejects. */
  candidate(request: CandidateRequest, client: ClientContext): Promise<SignalAnswer | "forbidden"> {
    return this.#offers.route(request, client);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.drain();
    await this.registry.endAll(DRAINING);
    await this.#offers.close(DRAINING);
    await this.#host.close();
  }

  /** Gives a connected client its session. */
  #ready(rtc: RtcSession, handling: OfferHandling, address: string): void {
    const { connection } = rtc;
    const gone = new AbortController();
    connection.onClose(() => gone.abort());
    const { metadata } = connection;
    const { clock, logger } = this;
    giveSession(
      this.registry,
      {
        connection,
        factory: handling.sessionFactory,
        context: {
          backend: this,
          metadata,
          address,
          dialect: rtc.v1 ? "v1" : "compat",
          call: undefined,
          client: undefined,
        },
        labelKey: "webrtc_id",
        signal: gone.signal,
        onSession: () => {},
      },
      { clock, factoryTimeoutMs: this.settings.limits.factoryTimeoutMs },
    ).catch((error: unknown) => {
      if (gone.signal.aborted) return;
      const { code } = RoomKitError.from(error);
      if (code === DRAINING.code) {
        void rtc.close(DRAINING);
        return;
      }
      if (isRefusal(error)) logger.info({ code, connection: rtc.id }, "the application refused a client");
      else logger.error({ connection: rtc.id, ...errorFields(error) }, "no session could be made for a client");
      void rtc.close({ code, message: "the application gave the client no session", failed: true });
    });
  }
}
