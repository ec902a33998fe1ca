import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type Channel,
  type ChannelHost,
  type HeardRecord,
  type Metadata,
  RoomKit,
  RoomKitError,
  type SessionStatus,
  silentLogger,
  type TurnMetrics,
  type VoiceSession,
} from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import type { CallDetail, InspectorView, ProcessView } from "./calls/views.ts";
import { type Inspector, inspector } from "./inspector.ts";
import type { InspectorOptions } from "./options.ts";

export const TOKEN = "a-token-that-nobody-guesses";
const HEARD: HeardRecord = { interrupted: false, unheard: "", playedMs: 900, confidence: "reported" };
const MARKS = { endpointMs: 200, transcriptMs: 260, firstTokenMs: 500, firstAudioMs: 580, replyMs: 600 };
const STATUS: SessionStatus = {
  ...{ state: "listening", microphoneOff: false, muted: false, outputMuted: false },
  quality: {
    inbound: { received: 1_000, lost: 12, late: 3, jitterMs: 4.26, concealedMs: 219.9 },
    ...{ underruns: 2, droppedMs: 0, queuedMs: 180.4 },
  },
  stages: [{ role: "echoGuard", name: "guard", state: "on" }],
};

export interface ToldOptions extends Partial<InspectorOptions> {
  readonly clock?: VirtualClock | undefined;
}

/** A real kit of which a test says what it tells, its inspector, and a server that mounts it. */
export class ToldKit {
  readonly clock: VirtualClock;
  readonly kit: RoomKit;
  readonly inspector: Inspector;
  readonly left: string[] = [];
  readonly server: Server = createServer((request, response) => {
    if (!this.inspector.handle(request, response)) response.writeHead(404).end("other");
  });
  status: SessionStatus = STATUS;
  #host: ChannelHost | undefined;

  constructor(options: ToldOptions = {}) {
    this.clock = options.clock ?? new VirtualClock({ wallTime: 1_700_000_000_000 });
    const { clock } = this;
    this.kit = new RoomKit({ clock, logger: silentLogger });
    const channel: Channel = {
      ...{ id: "voice", kind: "told", category: "transport" },
      register: (host) => {
        this.#host = host;
      },
      join: async () => {},
      leave: async (session, reason) => {
        this.left.push(`${session.id} ${reason}`);
        this.end(session.id, reason);
      },
      close: async () => {},
    };
    this.kit.registerChannel(channel);
    this.inspector = inspector(this.kit, {
      ...{ clock, logger: silentLogger, auth: allow, name: "told" },
      ...options,
    });
  }

  get host(): ChannelHost {
    return this.#host as ChannelHost;
  }

  /** In a room of its own, as a caller is. */
  async join(id: string): Promise<VoiceSession> {
    const room = await this.kit.createRoom();
    await this.kit.attachChannel(room.id, "voice");
    const session = sessionOf(id, room.id);
    await this.kit.join(room.id, "voice", { session });
    return this.start(id, {}, room.id);
  }

  start(id = "s1", providers: object = { stt: "ears", tts: "mouth" }, roomId = "room"): VoiceSession {
    const session = sessionOf(id, roomId);
    this.host.emit("voice_session_started", { session, transport: "fake", providers, status: () => this.status });
    return session;
  }

  end(id = "s1", reason = "client_closed"): void {
    this.host.emit("voice_session_ended", { session: sessionOf(id), reason });
  }

  metrics(turnId: string, more: Partial<TurnMetrics> = {}, id = "s1"): void {
    const metrics = { turnId, interrupted: false, ...MARKS, ...more };
    this.host.notifyHooks("ON_TURN_METRICS", { ...of(id), metrics });
  }

  said(turnId: string, text = "Where is my parcel?"): void {
    this.host.notifyHooks("ON_TURN_COMPLETE", { ...of("s1"), text, turnId });
  }

  played(turnId: string, text = "In Bonn, it is."): void {
    this.host.notifyHooks("AFTER_TTS", { ...of("s1"), text, utterance: "u", record: HEARD, turnId });
  }

  tool(turnId: string | undefined, isError = false): void {
    const call = { id: "c1", name: "find", arguments: { parcel: "secret-7" } };
    const told = { channelId: "ai", call, result: "in Bonn", isError, durationMs: 90.4 };
    this.host.notifyHooks("ON_TOOL_CALL", { roomId: "room", turnId, ...told });
  }

  level(db: number, id = "s1"): void {
    this.host.notifyHooks("ON_INPUT_AUDIO_LEVEL", { ...of(id), db });
    this.host.notifyHooks("ON_OUTPUT_AUDIO_LEVEL", { ...of(id), db: db + 10 });
  }

  fails(where: "stt_error" | "tts_error" | "ai_error"): void {
    const error = new RoomKitError("vendor_down", "the vendor said: secret-7");
    if (where === "ai_error") this.host.emit(where, { roomId: "room", channelId: "ai", error });
    else this.host.emit(where, { session: sessionOf("s1"), error });
  }

  async listen(): Promise<string> {
    if (!this.server.listening) await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${TOKEN}`, ...(init.headers as Record<string, string>) };
    return await fetch(`${await this.listen()}${path}`, { redirect: "manual", ...init, headers });
  }

  async act(body: object, headers: Record<string, string> = {}): Promise<[number, unknown]> {
    const answer = await this.request("/inspect/act", {
      ...{ method: "POST", body: JSON.stringify(body) },
      headers: { "content-type": "application/json", ...headers },
    });
    return [answer.status, await answer.json()];
  }

  async watch(focus?: { readonly process: string; readonly call: string }): Promise<Watching> {
    const query = focus ? `?${new URLSearchParams({ ...focus })}` : "";
    const stop = new AbortController();
    const answer = await this.request(`/inspect/live${query}`, { signal: stop.signal });
    return new Watching(answer, stop, this.clock);
  }

  async close(): Promise<void> {
    await this.inspector.close();
    this.server.closeAllConnections();
    this.server.close();
    const closing = this.kit.close();
    await this.clock.advance(60_000);
    await closing;
  }
}

/** A viewer, as the page is one. */
export class Watching {
  readonly status: number;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #stop: AbortController;
  readonly #clock: VirtualClock;
  #text = "";

  constructor(answer: Response, stop: AbortController, clock: VirtualClock) {
    this.status = answer.status;
    const text = new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>;
    this.#reader = (answer.body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(text).getReader();
    this.#stop = stop;
    this.#clock = clock;
  }

  /** The next view; undefined: the stream has ended. */
  async next(): Promise<InspectorView | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const event = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return JSON.parse(event.replace(/^data: /, "")) as InspectorView;
      }
      const { value, done } = await this.#reader.read();
      if (done) return undefined;
      this.#text += value;
    }
  }

  /** Views, half a second each, until one is as it should be. */
  async until(good: (view: InspectorView) => boolean): Promise<InspectorView> {
    for (let i = 0; i < 100; i++) {
      const view = await this.next();
      if (!view) throw new Error("the stream has ended");
      if (good(view)) return view;
      await this.#clock.advance(500);
    }
    throw new Error("no view was as it should be");
  }

  stop(): void {
    this.#stop.abort();
  }
}

export const own = (view: InspectorView | undefined): ProcessView => view?.processes[0] as ProcessView;
export const detail = (view: InspectorView | undefined): CallDetail => view?.detail?.call as CallDetail;

function sessionOf(id: string, roomId = "room"): VoiceSession {
  return {
    ...{ id, roomId, participantId: "ada", channelId: "voice", state: "active", metadata: { key: "secret-7" } },
  };
}

function of(id: string): { readonly session: VoiceSession; readonly roomId: string } {
  return { session: sessionOf(id), roomId: "room" };
}

function allow({ header }: { header(name: string): string | undefined }): Metadata | null {
  return header("authorization") === `Bearer ${TOKEN}` ? {} : null;
}
