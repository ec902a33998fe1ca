import {
  type AudioCodec,
  type Clock,
  consoleLogger,
  Emitter,
  errorFields,
  type IdSource,
  type Logger,
  type OptionRanges,
  optionsWithin,
  type Resolved,
  RoomKitError,
  randomId,
  type SessionResumption,
  systemClock,
  type Unsubscribe,
  type VoiceBackend,
  type VoiceSession,
} from "@roomkit/core";
import { defaultLimits, type MessageLimits } from "@roomkit/protocol";
import {
  connectionRanges,
  optionalTimeRange,
  PacingWheel,
  ResumeDesk,
  SessionRegistry,
  type TrafficLimits,
  timeoutRange,
  trafficLimits,
} from "@roomkit/transport-utils";
import { defaults, type WebSocketBackendOptions } from "../options.ts";
import type { LiveSession } from "./live-session.ts";

type Numbers = { readonly [K in keyof typeof defaults]: number };

/** The options with every default filled in. */
export interface Settings extends Numbers {
  readonly codec: AudioCodec | undefined;
  readonly playedSilence: boolean;
  readonly messageLimits: MessageLimits;
  readonly trafficLimits: Resolved<TrafficLimits>;
}

/** What the sockets of one backend share. */
export class Hub {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ids: IdSource;
  readonly wheel: PacingWheel;
  readonly registry: SessionRegistry;
  readonly desk: ResumeDesk<LiveSession>;
  /** Clients' own names for their connections, while these live. */
  readonly labels: Set<string> = new Set();
  readonly live: Set<LiveSession> = new Set();
  /** Why a newcomer is refused just now. */
  refusal: () => "draining" | "node_full" | undefined = () => undefined;
  /** The session that a token of another process stands for; undefined where nobody can know. */
  foreign: (token: string | undefined) => ((signal: AbortSignal) => Promise<VoiceSession | undefined>) | undefined =
    () => undefined;
  /** The backend itself, for session factories. */
  backend: VoiceBackend = undefined as never;
  readonly #bySession = new WeakMap<VoiceSession, LiveSession>();
  readonly #events: Emitter<{ readonly issued: VoiceSession }>;

  /** @throws RoomKitError `invalid_option`. */
  constructor(options: WebSocketBackendOptions) {
    const { clock = systemClock, logger = consoleLogger, ids = randomId } = options;
    this.settings = resolve(options);
    this.clock = clock;
    this.logger = logger;
    this.ids = ids;
    this.wheel = options.wheel ?? PacingWheel.shared(clock);
    const { connectTimeoutMs, factoryTimeoutMs, resumeMs, maxSuspended } = this.settings;
    this.registry = new SessionRegistry({ clock, logger, ids, connectTimeoutMs, acceptTimeoutMs: factoryTimeoutMs });
    this.desk = new ResumeDesk({ clock, resumeMs, maxSuspended });
    this.#events = new Emitter((error) => logger.error(errorFields(error), "a listener of tokens failed"));
  }

  /** A new token for the client of a session. */
  issue(live: LiveSession): string {
    const token = this.desk.issue(live);
    this.#bySession.set(live.session, live);
    this.#events.emit("issued", live.session);
    return token;
  }

  onIssued(listener: (session: VoiceSession) => void): Unsubscribe {
    return this.#events.on("issued", listener);
  }

  /** What another process needs of a session to go on with it. */
  resumption(session: VoiceSession): SessionResumption | undefined {
    const live = this.#bySession.get(session);
    const tokens = live ? this.desk.hashes(live) : [];
    return live && tokens.length > 0 ? { tokens, transport: live.connection.numbering } : undefined;
  }
}

const ranges: OptionRanges<typeof defaults> = {
  ...connectionRanges,
  inputSampleRate: [8_000, 192_000],
  outputSampleRate: [8_000, 192_000],
  compatLeadMs: [0, 5_000],
  leadMs: [0, 5_000],
  startTimeoutMs: timeoutRange,
  heartbeatMs: timeoutRange,
  softBufferMs: [0, 3_600_000],
  hardBufferBytes: [0, 1_073_741_824],
  drainTimeoutMs: optionalTimeRange,
};

const messageRanges: OptionRanges<MessageLimits> = {
  maxMessageBytes: [1, 16_777_216],
  maxDepth: [1, 1_000],
  maxTextLength: [1, 16_777_216],
};

function resolve(options: WebSocketBackendOptions): Settings {
  const { codec, playedSilence = false, messageLimits = {} } = options;
  const numbers = optionsWithin<Numbers>(options, defaults, ranges);
  for (const name of ["inputSampleRate", "outputSampleRate"] as const) {
    if (!Number.isInteger(numbers[name])) throw new RoomKitError("invalid_option", `${name} is a whole number of Hz`);
  }
  if (codec && codec.name !== "mulaw") throw new RoomKitError("invalid_option", "codec is the mu-law codec");
  return {
    ...numbers,
    codec,
    playedSilence,
    messageLimits: optionsWithin<MessageLimits>(messageLimits, defaultLimits, messageRanges),
    trafficLimits: trafficLimits(options.trafficLimits),
  };
}
