import type {
  AudioFrame,
  CloseReason,
  Metadata,
  Resolved,
  VoiceBackend,
  VoiceConnection,
  VoiceSession,
} from "@roomkit/core";
import { settle } from "../settle.ts";
import { check } from "./case.ts";

/** A client of one dialect, on this machine, whose connection is there. */
export interface BackendClient {
  /** Sends `frames` times 20 ms of audio. Resolves when the backend has them. */
  speak(frames: number): void | Promise<void>;
  /** Audio it was sent so far, ms. */
  readonly heardMs: number;
  /** Everything else it was told, parsed, in order. */
  readonly told: readonly unknown[];
  /** The call is over, as far as it can see. */
  readonly closed: boolean;
  /** Ends the call as its dialect does. */
  leave(): void | Promise<void>;
  /** Goes without a word. */
  vanish(): void | Promise<void>;
}

export interface BackendClientOptions {
  /** The session first: what the application's session factory gives this client. Absent: nobody makes a session for it. */
  readonly session?: (() => Promise<VoiceSession>) | undefined;
  /** What authentication says of it. */
  readonly metadata?: Metadata | undefined;
}

/** A backend with nothing in it, and ways to get clients to it. */
export interface BackendHarness {
  readonly backend: VoiceBackend;
  /** A client comes. Resolves when the backend knows of it: its session factory was asked, or nobody is. */
  client(options: BackendClientOptions): BackendClient | Promise<BackendClient>;
  /** A moment goes by: about 5 ms of the backend's clock. */
  pass(): Promise<void>;
  /** `ms` go by on the backend's clock. */
  skip(ms: number): void | Promise<void>;
  /** Everything the backend holds, counted by kind: sessions, waiting clients, sockets, timers, listeners. All 0 when nothing is left. */
  held(): Readonly<Record<string, number>>;
  /** What `authContext` says at the moment. Absent for a backend without authentication. */
  auth?(): Metadata | undefined;
  /** Ends what is left of the clients. The suite has closed the backend. */
  close(): void | Promise<void>;
}

export interface BackendConformanceOptions {
  /** Each requirement opens one of its own. */
  open(): BackendHarness | Promise<BackendHarness>;
  /** Whether the dialect has a place for an application's messages. Default true. */
  readonly messages?: boolean | undefined;
  /** How long a session waits for its client, and a client for its session, at most, ms of the backend's clock. Default 30,000. */
  readonly patienceMs?: number | undefined;
  /** Real time one requirement may take, ms. Default 10,000. */
  readonly timeoutMs?: number | undefined;
}

/** A requirement: what is required, and how to see whether it is met. */
export type BackendCase = readonly [name: string, run: (bench: BackendBench) => Promise<void>];

/** What a requirement works with: the harness, and everything the backend told. */
export class BackendBench {
  readonly backend: VoiceBackend;
  readonly harness: BackendHarness;
  readonly messages: boolean;
  readonly patienceMs: number;
  /** What was told, in order: `ready SESSION STATE`, `ended SESSION CODE STATE`, `connected`, `disconnected SESSION CODE`. */
  readonly log: string[] = [];
  readonly connections: { readonly session: VoiceSession; readonly connection: VoiceConnection }[] = [];
  readonly waiting: string[] = [];
  readonly taps: { readonly session: VoiceSession; readonly frame: AudioFrame }[] = [];
  readonly clients: BackendClient[] = [];
  readonly #timeoutMs: number;
  readonly #names = new Map<string, string>();
  #accepted = 0;

  constructor(harness: BackendHarness, options: Resolved<Omit<BackendConformanceOptions, "open">>) {
    const { backend } = harness;
    this.harness = harness;
    this.backend = backend;
    this.messages = options.messages;
    this.patienceMs = options.patienceMs;
    this.#timeoutMs = options.timeoutMs;
    backend.onSessionReady((session, connection) => {
      this.log.push(`ready ${this.nameOf(session)} ${session.state}`);
      this.connections.push({ session, connection });
    });
    backend.onSessionEnded((session, { code }) => this.log.push(`ended ${this.nameOf(session)} ${code}`));
    backend.onClientConnected((id) => {
      this.log.push("connected");
      this.waiting.push(id);
    });
    backend.onClientDisconnected((session, { code }) => this.log.push(`disconnected ${this.nameOf(session)} ${code}`));
    backend.onAudioReceived((session, frame) => this.taps.push({ session, frame }));
  }

  /** `s1`, `s2`, ... in the order of their making. */
  nameOf(session: VoiceSession): string {
    const name = this.#names.get(session.id) ?? `s${this.#names.size + 1}`;
    this.#names.set(session.id, name);
    return name;
  }

  /** A session of the backend's. */
  async connect(metadata?: Metadata): Promise<VoiceSession> {
    const session = await this.backend.connect("room", "caller", "voice", metadata);
    this.nameOf(session);
    return session;
  }

  /** A session of the application's, for `accept`. */
  ownSession(): VoiceSession {
    const id = `own_${++this.#accepted}`;
    const session: VoiceSession = {
      ...{ id, roomId: "room", participantId: "caller", channelId: "voice" },
      ...{ state: "connecting", metadata: {} },
    };
    this.nameOf(session);
    return session;
  }

  async client(options: BackendClientOptions = {}): Promise<BackendClient> {
    const client = await this.harness.client(options);
    this.clients.push(client);
    return client;
  }

  /** A client whose session was made first. */
  async ready(): Promise<{ session: VoiceSession; connection: VoiceConnection; client: BackendClient }> {
    const session = await this.connect();
    const client = await this.client({ session: async () => session });
    await this.until(() => this.connections.some((each) => each.session === session), "the session to be ready");
    const { connection } = this.connections.find((each) => each.session === session) as (typeof this.connections)[0];
    return { session, connection, client };
  }

  /** A client for whom no session was made, and the id it waits by. */
  async waits(metadata?: Metadata): Promise<{ client: BackendClient; id: string }> {
    const count = this.waiting.length;
    const client = await this.client({ metadata });
    await this.until(() => this.waiting.length > count, "onClientConnected to be told");
    return { client, id: this.waiting[count] as string };
  }

  /** Such a client, accepted. */
  async accepted(): Promise<{ session: VoiceSession; connection: VoiceConnection; client: BackendClient }> {
    const { client, id } = await this.waits();
    const session = this.ownSession();
    const connection = await this.within(this.backend.accept(session, id), "accept");
    return { session, connection, client };
  }

  /** Waits, a moment of the backend's after the other. */
  async until(holds: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + this.#timeoutMs;
    while (!holds()) {
      check(
        performance.now() < deadline,
        `waited in vain for ${what}; told so far: ${this.log.join(", ") || "nothing"}`,
      );
      await this.harness.pass();
    }
  }

  /** Waits for a promise while the backend's time goes on. */
  async within<T>(promise: Promise<T>, what: string): Promise<T> {
    let settled = false;
    const done = (): void => {
      settled = true;
    };
    promise.then(done, done);
    await settle();
    await this.until(() => settled, `${what} to settle`);
    return promise;
  }

  /** Some moments in which nothing more may happen. */
  async quiet(): Promise<void> {
    for (let i = 0; i < 5; i++) await this.harness.pass();
  }

  /** What was told that begins so. */
  told(start: string): string[] {
    return this.log.filter((line) => line.startsWith(start));
  }

  async checkNothingHeld(what: string): Promise<void> {
    const left = (): string[] =>
      Object.entries(this.harness.held()).flatMap(([kind, count]) => (count === 0 ? [] : [`${count} ${kind}`]));
    const deadline = performance.now() + this.#timeoutMs;
    while (left().length > 0) {
      check(performance.now() < deadline, `${what} there are left: ${left().join(", ")}`);
      await this.harness.pass();
    }
  }
}

export const bye: CloseReason = { code: "test_over", message: "the test ended it" };
