import type { Server } from "node:http";
import { type Authenticator, mountVoice, WebSocketBackend } from "@roomkit/backend-ws";
import { AIChannel, type AIChannelOptions } from "@roomkit/channel-ai";
import { VoiceChannel, type VoiceChannelOptions } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import {
  AbortScope,
  type AIProvider,
  abortedError,
  assertOptions,
  type Channel,
  type RoomKit,
  RoomKitError,
  roomPerCaller,
  type SttProvider,
  type TtsProvider,
  untilAborted,
} from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { playground } from "@roomkit/playground";
import { browser } from "@roomkit/presets";
import { fliteTts } from "@roomkit/provider-flite";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { offlineAI } from "@roomkit/provider-offline";
import { heuristicTurns } from "@roomkit/turn-heuristic";
import { closeServer, listen, pageServer, probe } from "./server.ts";

export interface VoiceOptions extends Pick<AIChannelOptions, "system" | "tools"> {
  /** The model. Default `offlineAI()`, which is none: it knows a few things by rules. */
  readonly ai?: AIProvider | undefined;
  /** The recogniser. Default `moonshineStt()`, on this machine, English. */
  readonly stt?: SttProvider | undefined;
  /** The voice. Default `fliteTts()`, on this machine, English. */
  readonly tts?: TtsProvider | undefined;
  /** Spoken when a call begins. Default nothing. */
  readonly greeting?: string | undefined;
  /** Anything else the channel `voice` has an option for: another pipeline, recording, what interrupts an answer. */
  readonly channel?: Partial<Omit<VoiceChannelOptions, "backend" | "stt" | "tts" | "greeting">> | undefined;
  /** Anything else the channel `ai` has an option for: how long a model may take, how much of a conversation it is shown. */
  readonly assistant?: Omit<AIChannelOptions, "provider" | "system" | "tools"> | undefined;
  /** Where the server listens, 0 to 65,535; 0: any port that is free. Default 8,000. */
  readonly port?: number | undefined;
  /** The address it listens on. Default `127.0.0.1`: this machine alone reaches it. */
  readonly host?: string | undefined;
  /** A server of your own instead, of Node or of a framework; you make it listen, and close it. */
  readonly server?: Parameters<typeof mountVoice>[0] | undefined;
  /** Where page and calls are on it. Default `/voice`. */
  readonly path?: string | undefined;
  /** Says who a caller is, as `tokenAuth` does. Needed where others than this machine reach the server. */
  readonly auth?: Authenticator | undefined;
  /** Let everybody in. Default: where only this machine reaches the server, and there is no `auth`. */
  readonly allowAnonymous?: boolean | undefined;
  /** Ends the start, while models are loaded. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@link voice} has opened. */
export interface VoiceLine {
  /** The page to call from; with a server of your own, its path there. */
  readonly url: string;
  /** The calls: their sessions, `say`, `interrupt`, `sendDtmf`, recording. */
  readonly voice: VoiceChannel;
  readonly ai: AIChannel;
  /** Ends the calls and closes what `voice` has made: not the kit, nor the server and the providers that it was given. Idempotent. */
  close(): Promise<void>;
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "localhost"]);
/** Where a browser finds a server that listens everywhere. */
const EVERYWHERE: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);
/** A pause that long is judged: has the caller finished? */
const PAUSE_MS = 200;

/**
 * People who talk to an AI from a browser: the channels `voice` and `ai` in the kit, a room of their own for each caller, and a page to
 * call from. Resolves when the models are loaded and calls are taken.
 *
 * @throws RoomKitError `invalid_option`, `auth_required`, `port_in_use`, `listen_failed`, `aborted`, `kit_closed` when the kit is closed
 * meanwhile, `channel_exists` when it has such channels, and what the providers' `warmUp` throws. Nothing is left open then.
 */
export async function voice(kit: RoomKit, options: VoiceOptions = {}): Promise<VoiceLine> {
  assertOptions("voice", options, {
    string: ["system", "greeting", "host", "path"],
    function: ["system", "auth"],
    boolean: ["allowAnonymous"],
    object: ["ai", "stt", "tts", "channel", "assistant", "server", "signal"],
    objects: ["tools"],
    within: { port: [0, 65_535] },
  });
  if (typeof kit?.registerChannel !== "function")
    throw new RoomKitError("invalid_option", "voice: kit must be a RoomKit");
  const { channel, assistant, system, tools, greeting } = options;
  const { auth, signal, host = "127.0.0.1", port = 8_000, path = "/voice" } = options;
  if (options.server && (options.host ?? options.port) !== undefined)
    throw new RoomKitError("invalid_option", "voice: host and port are for a server of its own, not for yours");
  if (signal?.aborted) throw abortedError(signal);

  const page = `${path.replace(/\/+$/, "")}/ui/`;
  const own: Server | undefined = options.server ? undefined : pageServer(page);
  const backend = new WebSocketBackend({ codec: mulaw() });
  const stt = options.stt ?? moonshineStt();
  const tts = options.tts ?? fliteTts();
  const ai = options.ai ?? offlineAI();
  const turnDetector = channel?.turnDetector ?? heuristicTurns();
  const made = [
    options.stt ? undefined : stt,
    options.tts ? undefined : tts,
    options.ai ? undefined : ai,
    channel?.turnDetector ? undefined : turnDetector,
  ];
  const channels: Channel[] = [];
  let unmount = (): void => {};
  const close = async (): Promise<void> => {
    await inTurn([
      () => backend.close(),
      () => unmount(),
      ...channels.map(
        ({ id }) =>
          () =>
            kit.unregisterChannel(id),
      ),
      ...channels.map((channel) => () => channel.close()),
      ...made.map((each) => () => each?.close?.()),
      () => own && closeServer(own),
    ]);
  };
  const register = <C extends Channel>(made: C): C => {
    kit.registerChannel(made);
    channels.push(made);
    return made;
  };

  // Ends the loading of models.
  const starting = new AbortScope().child(signal, kit.closing);
  try {
    const pipeline = channel?.pipeline ?? audioPipeline(browser({ pauseMs: PAUSE_MS }));
    const calls = register(
      new VoiceChannel("voice", { ...channel, backend, pipeline, turnDetector, stt, tts, greeting }),
    );
    const answers = register(new AIChannel("ai", { ...assistant, provider: ai, system, tools }));
    unmount = mountVoice(own ?? (options.server as Server), backend, {
      path,
      auth,
      allowAnonymous: options.allowAnonymous ?? (own !== undefined && auth === undefined && LOOPBACK.has(host)),
      ui: playground(),
      sessionFactory: roomPerCaller(kit, { channels: ["voice", "ai"] }),
    });
    // Known before models are loaded, which takes seconds; nobody reaches the server until they are.
    if (own) await probe(port, host);
    // The first caller is not to wait for it.
    const warm = Promise.all([stt, tts, ai].map((each) => each.warmUp?.(starting.signal)));
    await untilAborted(warm, starting.signal);
    const bound = own && (await listen(own, port, host));
    if (starting.aborted) throw abortedError(starting.signal);
    const at = LOOPBACK.has(host) || EVERYWHERE.has(host) ? "localhost" : host.includes(":") ? `[${host}]` : host;
    let closing: Promise<void> | undefined;
    return {
      url: bound ? `http://${at}:${bound.port}${page}` : page,
      voice: calls,
      ai: answers,
      close() {
        closing ??= close();
        return closing;
      },
    };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  } finally {
    starting.release();
  }
}

/** One after the other, and each of them, whatever those before it did. */
async function inTurn(steps: readonly (() => unknown)[]): Promise<void> {
  const failed: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failed.push(error);
    }
  }
  if (failed.length > 0) throw failed[0];
}
