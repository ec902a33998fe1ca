import {
  type AudioCodec,
  type Clock,
  consoleLogger,
  type IdSource,
  type Logger,
  type Resolved,
  RoomKitError,
  randomId,
  systemClock,
  type VoiceBackend,
} from "@roomkit/core";
import { defaultLimits, type MessageLimits } from "@roomkit/protocol";
import { defaultTrafficLimits, PacingWheel, SessionRegistry, type TrafficLimits } from "@roomkit/transport-utils";
import { defaults, type WebSocketBackendOptions } from "../options.ts";
import type { LiveSession } from "./live-session.ts";
import { ResumeDesk } from "./resume-desk.ts";

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
  readonly desk: ResumeDesk;
  /** Clients' own names for their connections, while these live. */
  readonly labels: Set<string> = new Set();
  readonly live: Set<LiveSession> = new Set();
  draining = false;
  /** The backend itself, for session factories. */
  backend: VoiceBackend = undefined as never;

  /** @throws RoomKitError `invalid_option`. */
  constructor(options: WebSocketBackendOptions) {
    const { clock = systemClock, logger = consoleLogger, ids = randomId } = options;
    this.settings = resolve(options);
    this.clock = clock;
    this.logger = logger;
    this.ids = ids;
    this.wheel = options.wheel ?? PacingWheel.shared(clock);
    this.registry = new SessionRegistry({ clock, logger, ids, connectTimeoutMs: this.settings.connectTimeoutMs });
    this.desk = new ResumeDesk({ clock, resumeMs: this.settings.resumeMs, maxSuspended: this.settings.maxSuspended });
  }
}

function resolve(options: WebSocketBackendOptions): Settings {
  const numbers: Record<string, number> = {};
  for (const [name, fallback] of Object.entries(defaults)) {
    const value = options[name as keyof typeof defaults] ?? fallback;
    if (!(Number.isFinite(value) && value >= 0)) {
      throw new RoomKitError("invalid_option", `${name} is a number that is not negative`);
    }
    numbers[name] = value;
  }
  for (const name of ["inputSampleRate", "outputSampleRate"]) {
    const rate = numbers[name] as number;
    if (!Number.isInteger(rate) || rate < 8_000 || rate > 192_000) {
      throw new RoomKitError("invalid_option", `${name} is 8,000 to 192,000 Hz`);
    }
  }
  if (options.codec && options.codec.name !== "mulaw") {
    throw new RoomKitError("invalid_option", "codec is the mu-law codec");
  }
  return {
    ...(numbers as unknown as Numbers),
    codec: options.codec,
    playedSilence: options.playedSilence ?? false,
    messageLimits: { ...defaultLimits, ...options.messageLimits },
    trafficLimits: { ...defaultTrafficLimits, ...options.trafficLimits },
  };
}
