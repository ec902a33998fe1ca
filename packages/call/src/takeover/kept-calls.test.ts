import {
  type ChannelHost,
  type ForeignToken,
  type KeepingSession,
  type KeptSession,
  RoomKit,
  RoomKitError,
  type SessionState,
  silentLogger,
  type VoiceSession,
} from "@roomkit/core";
import { FakeBackend, FakeConnection, settle, VirtualClock } from "@roomkit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CallStart, ChannelCall } from "../session/channel-call.ts";
import { ChannelSessions } from "../session/channel-sessions.ts";

/** A transport whose clients can come from another process. */
class ResumingBackend extends FakeBackend {
  take: ((foreign: ForeignToken) => Promise<VoiceSession | undefined>) | undefined;
  readonly forgotten = new Set<string>();
  onForeignToken(take: (foreign: ForeignToken) => Promise<VoiceSession | undefined>): () => void {
    this.take = take;
    return () => {
      this.take = undefined;
    };
  }
  resumption({ id }: VoiceSession): Omit<SessionState, "call"> | undefined {
    return this.forgotten.has(id) ? undefined : { tokens: [`token of ${id}`], transport: { last: 1 } };
  }
}

/** What a kit keeps, noted. */
class Keeper {
  readonly log: string[] = [];
  readonly reads = new Map<string, () => SessionState | undefined>();
  readonly answers = { handOver: true, forget: true };
  kept: KeptSession | undefined;
  keep(session: VoiceSession, read: () => SessionState | undefined): KeepingSession {
    this.reads.set(session.id, read);
    return {
      changed: (now) => void this.log.push(`changed ${now}`),
      handOver: async () => {
        this.log.push(`handed over ${JSON.stringify(read()?.call)}`);
        return this.answers.handOver;
      },
      forget: async () => {
        this.log.push("forgotten");
        return this.answers.forget;
      },
    };
  }
  async takeOver(
    _: string,
    channelId: string,
    make: (kept: KeptSession) => Promise<VoiceSession>,
  ): Promise<VoiceSession | undefined> {
    return this.kept?.channelId === channelId ? await make(this.kept) : undefined;
  }
}

let clock: VirtualClock;
let backend: ResumingBackend;
let keeper: Keeper;
let sessions: ChannelSessions<ChannelCall>;
let started: CallStart[];
let told: unknown[];
let closing: Promise<void> | undefined;
let kit: RoomKit;

beforeEach(() => {
  clock = new VirtualClock();
  backend = new ResumingBackend();
  keeper = new Keeper();
  [started, told, closing] = [[], [], undefined];
  sessions = new ChannelSessions<ChannelCall>({
    channelId: "voice",
    backend,
    providers: {},
    joinTimeoutMs: 1_000,
    start: (start) => {
      started.push(start);
      const record = (last: boolean): unknown => ({ said: "so far", last });
      return { session: start.session, pausing: true, record, close: () => closing };
    },
  });
  kit = new RoomKit({ clock, logger: silentLogger });
  kit.on("voice_session_started", ({ resumed }) => told.push(["started", resumed]));
  kit.on("voice_session_ended", ({ reason, kept }) => told.push(["ended", reason, kept]));
  kit.registerChannel({
    ...{ id: "voice", kind: "voice", category: "transport", close: () => sessions.close() },
    register: (host: ChannelHost) => sessions.register({ ...host, sessions: keeper }),
  });
});
afterEach(() => kit.close());

async function call(session?: VoiceSession): Promise<VoiceSession> {
  const own = session ?? (await backend.connect("r", "caller", "voice"));
  sessions.join(own);
  backend.bind(own, new FakeConnection({ clock, id: `c ${own.id}` }));
  await settle();
  return own;
}

describe("the calls of a channel, kept for other processes", () => {
  it("are forgotten when they are over", async () => {
    const session = await call();
    expect(keeper.reads.get(session.id)?.()).toEqual({
      ...{ tokens: [`token of ${session.id}`], transport: { last: 1 } },
      call: { said: "so far", last: false },
    });
    started[0]?.onChange?.(true);
    await sessions.end(session, "client_closed");
    expect(keeper.log).toEqual(["changed true", "forgotten"]);
    expect(told.at(-1)).toEqual(["ended", "client_closed", undefined]);
  });

  it("are another process's when the store says so", async () => {
    keeper.answers.forget = false;
    await sessions.end(await call(), "client_closed");
    expect(told.at(-1)).toEqual(["ended", "client_closed", true]);
  });

  it("are handed over once, however often their end is told and however long they take for it", async () => {
    let closed = (): void => {};
    closing = new Promise((resolve) => {
      closed = resolve;
    });
    const session = await call();
    const leaving = sessions.leave(session, "draining");
    await settle();
    backend.forgotten.add(session.id);
    // The transport tells of the end as well.
    void sessions.end(session, "draining");
    await sessions.end(session, "draining");
    closed();
    await leaving;
    expect(keeper.log).toEqual(['handed over {"said":"so far","last":true}']);
    expect(told.at(-1)).toEqual(["ended", "draining", true]);
  });

  it("are over when nobody can come back to them", async () => {
    keeper.answers.handOver = false;
    await sessions.leave(await call(), "draining");
    expect(told.at(-1)).toEqual(["ended", "draining", undefined]);
  });

  it("of another process are made anew with what that kept, or not at all", async () => {
    const foreign = { token: "t", backend, signal: new AbortController().signal };
    expect(await backend.take?.(foreign)).toBeUndefined();
    keeper.kept = {
      ...{ sessionId: "s", roomId: "r", participantId: "p", metadata: { a: 1 }, tokens: ["t"], transport: 7 },
      ...{ channelId: "other", call: "record" },
    };
    expect(await backend.take?.(foreign)).toBeUndefined();
    keeper.kept = { ...keeper.kept, channelId: "voice" };
    const session = (await backend.take?.(foreign)) as VoiceSession;
    expect(session).toMatchObject({ roomId: "r", participantId: "p", metadata: { a: 1 } });
    keeper.takeOver = async () => {
      throw new RoomKitError("store_unavailable", "down");
    };
    await expect(backend.take?.(foreign)).rejects.toMatchObject({ code: "store_unavailable" });
  });

  it("are asked for only while the channel is open", async () => {
    expect(backend.take).toBeDefined();
    await sessions.close();
    expect(backend.take).toBeUndefined();
  });
});
