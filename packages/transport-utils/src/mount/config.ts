import { audioSampleRates } from "@roomkit/protocol";
import type { ClientIceServer } from "./ice-servers.ts";

/** What a client needs to know before it connects: the body of `GET {path}/config`. */
export interface ClientConfig<
  Endpoint extends "websocket" | "webrtc" = "websocket" | "webrtc",
  Audio extends object = object,
  Limits extends object = object,
> {
  readonly dialects: readonly ("compat" | "v1")[];
  readonly endpoints: { readonly [K in Endpoint]: string } & {
    readonly webrtc?: string | undefined;
    readonly ui?: string | undefined;
  };
  readonly audio: Audio & {
    /** Rates of the caller's and of the server's audio where a client asks for none, Hz. */
    readonly inputSampleRate: number;
    readonly outputSampleRate: number;
    readonly codecs: readonly ("pcm16" | "mulaw")[];
    /** What v1 may ask for, Hz. */
    readonly sampleRates: readonly number[];
  };
  readonly limits: Limits & {
    readonly maxMessageBytes: number;
    readonly messagesPerSecond: number;
    /** Times real time. */
    readonly audioRate: number;
    readonly idleMs: number;
    readonly resumeMs: number;
    readonly concurrencyLimit: number;
  };
  readonly iceServers: readonly ClientIceServer[];
  /** What the application says of itself. */
  readonly about?: Readonly<Record<string, string>> | undefined;
}

export interface ClientConfigFacts<Endpoint extends "websocket" | "webrtc", Audio extends object, Limits extends object>
  extends Pick<ClientConfig<Endpoint, Audio, Limits>, "dialects" | "limits" | "iceServers"> {
  /** Where the endpoints are mounted. */
  readonly path: string;
  readonly endpoints: readonly Endpoint[];
  /** A page is served. */
  readonly ui: boolean;
  readonly inputSampleRate: number;
  readonly outputSampleRate: number;
  /** Audio may come as mu-law. */
  readonly mulaw: boolean;
  /** What the transport says of audio besides. */
  readonly audio: Audio;
  readonly about?: Readonly<Record<string, string>> | undefined;
}

/** Makes it of what a transport knows. */
export function clientConfig<Endpoint extends "websocket" | "webrtc", Audio extends object, Limits extends object>(
  facts: ClientConfigFacts<Endpoint, Audio, Limits>,
): ClientConfig<Endpoint, Audio, Limits> {
  const { dialects, path, endpoints, ui, inputSampleRate, outputSampleRate, mulaw, audio, limits } = facts;
  const offers = Object.fromEntries(endpoints.map((name) => [name, `${path}/${name}/offer`]));
  return {
    dialects,
    endpoints: { ...(offers as Record<Endpoint, string>), ...(ui ? { ui: `${path}/ui` } : {}) },
    audio: {
      inputSampleRate,
      outputSampleRate,
      codecs: mulaw ? ["pcm16", "mulaw"] : ["pcm16"],
      sampleRates: audioSampleRates,
      ...audio,
    },
    limits,
    iceServers: facts.iceServers,
    about: facts.about,
  };
}
