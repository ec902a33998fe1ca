import type { MediaWorkersOptions, OutboundAudio } from "@roomkit/transport-webrtc";

/** The environment a server was started in. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What the environment may change about the demo. */
export interface DemoConfig {
  /** `HOST`, default `127.0.0.1`. */
  readonly host: string;
  /** `PORT`, default 8000; 0 takes any free one. */
  readonly port: number;
  /** `ROOMKIT_VOICE`: a flite voice, default `slt`. */
  readonly voice: string;
  /** `ROOMKIT_GREETING`: spoken when a call begins; empty for none. */
  readonly greeting: string;
  /** `ROOMKIT_OUTBOUND_AUDIO`: how the voice goes to WebRTC callers; `opus` (default), `pcmu`, or `datachannel` as the seed does. */
  readonly outboundAudio: OutboundAudio;
  /** `ROOMKIT_MEDIA_WORKERS`: threads for the media of WebRTC callers, default the cores less one; undefined for 0. */
  readonly workers: MediaWorkersOptions | undefined;
  /** `ROOMKIT_MAX_CALLS`: calls at once, default 100. */
  readonly maxCalls: number;
  /** `METRICS`: whether `/metrics` is served, 1 or 0; default: where only this machine reaches it. */
  readonly metrics: boolean;
  /** `ROOMKIT_INSPECT_TOKEN`: what the inspector at `/inspect` is opened with; undefined: there is none. */
  readonly inspectToken: string | undefined;
  /** `NODE_ENV=production`: what is logged is JSON, a line for each call and turn. */
  readonly production: boolean;
  /** `ROOMKIT_DRAIN_MS`: how long calls may finish at a SIGTERM; default 60,000 in production, elsewhere 0. */
  readonly drainMs: number;
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "localhost"]);
const DEFAULT_GREETING = "Hello! You are talking to Room Kit. What is your name?";

/** @throws Error with a sentence for whoever started the server. */
export function readConfig(env: Env): DemoConfig {
  const host = env.HOST ?? "127.0.0.1";
  return {
    host,
    port: integer(env, "PORT", 8_000, 0, 65_535),
    voice: env.ROOMKIT_VOICE ?? "slt",
    greeting: env.ROOMKIT_GREETING ?? DEFAULT_GREETING,
    outboundAudio: choice(env, "ROOMKIT_OUTBOUND_AUDIO", ["opus", "pcmu", "datachannel"]),
    workers: mediaWorkers(env),
    maxCalls: integer(env, "ROOMKIT_MAX_CALLS", 100, 1, 100_000),
    metrics: integer(env, "METRICS", LOOPBACK.has(host) ? 1 : 0, 0, 1) === 1,
    inspectToken: token(env, "ROOMKIT_INSPECT_TOKEN"),
    production: env.NODE_ENV === "production",
    drainMs: integer(env, "ROOMKIT_DRAIN_MS", env.NODE_ENV === "production" ? 60_000 : 0, 0, 86_400_000),
  };
}

function mediaWorkers(env: Env): MediaWorkersOptions | undefined {
  const count = integer(env, "ROOMKIT_MEDIA_WORKERS", -1, 0, 1_000);
  if (count === 0) return undefined;
  return count > 0 ? { count } : {};
}

function integer(env: Env, name: string, fallback: number, min: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Error(`${name} must be a whole number from ${min} to ${max}, not "${text}".`);
  }
  return value;
}

/** One that can be guessed is none: whoever has it sees and ends calls. */
function token(env: Env, name: string): string | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  if (!/^[^\s]{16,}$/.test(text)) throw new Error(`${name} must have at least 16 characters, and no spaces.`);
  return text;
}

/** The first is the default. */
function choice<T extends string>(env: Env, name: string, choices: readonly [T, ...T[]]): T {
  const text = env[name];
  if (text === undefined || text === "") return choices[0];
  const found = choices.find((each) => each === text);
  if (found === undefined) throw new Error(`${name} must be one of ${choices.join(", ")}, not "${text}".`);
  return found;
}

/** What a model is told to be. */
export const SYSTEM_PROMPT =
  "You are a friendly assistant on a phone call. Answer in a sentence or two, in words that are easy to say aloud.";
