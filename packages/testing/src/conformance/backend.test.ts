import type { AudioFrame, CloseReason, Unsubscribe, VoiceConnection, VoiceSession } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { FakeBackend } from "../fakes/backend.ts";
import { fakeHarness } from "./backend.fixture.ts";
import { backendConformance } from "./backend.ts";

describe("FakeBackend", () => {
  for (const { name, run } of backendConformance({ open: () => fakeHarness() })) it(name, run);
});

type Accept = Parameters<FakeBackend["accept"]>;
type Listener<A extends unknown[]> = (...args: A) => void;

/** Backends with one fault each, and a requirement that must find it. */
const broken: readonly (readonly [fault: string, Backend: typeof FakeBackend, found: string])[] = [
  [
    "a session is said to be ready twice",
    class extends FakeBackend {
      override onSessionReady(listener: Listener<[VoiceSession, VoiceConnection]>): Unsubscribe {
        return super.onSessionReady((...args) => {
          listener(...args);
          listener(...args);
        });
      }
    },
    "a session waits for its client, is bound",
  ],
  [
    "an accepted client is said to be ready, too",
    class extends FakeBackend {
      readonly #ready = new Set<Listener<[VoiceSession, VoiceConnection]>>();
      override onSessionReady(listener: Listener<[VoiceSession, VoiceConnection]>): Unsubscribe {
        this.#ready.add(listener);
        return super.onSessionReady(listener);
      }
      override async accept(...args: Accept): Promise<VoiceConnection> {
        const connection = await super.accept(...args);
        for (const listener of this.#ready) listener(args[0], connection);
        return connection;
      }
    },
    "a client for whom no session was made is told",
  ],
  [
    "accept ignores its signal",
    class extends FakeBackend {
      override accept(session: VoiceSession, id: string): Promise<VoiceConnection> {
        return super.accept(session, id);
      }
    },
    "accept with an aborted signal",
  ],
  [
    "a connection that was taken is unknown",
    class extends FakeBackend {
      override accept(...args: Accept): Promise<VoiceConnection> {
        return super.accept(...args).catch((error) => {
          throw Object.assign(error, error.code === "connection_taken" && { code: "unknown_connection" });
        });
      }
    },
    "accept refuses connections it does not know",
  ],
  [
    "nobody's patience ends",
    class extends FakeBackend {
      constructor(...[ids, native]: ConstructorParameters<typeof FakeBackend>) {
        super(ids, native);
      }
    },
    "a client whom nobody accepts is let go",
  ],
  [
    "taps are not shown what was said before",
    class extends FakeBackend {
      override onAudioReceived(listener: Listener<[VoiceSession, AudioFrame]>): Unsubscribe {
        return super.onAudioReceived((session, frame) => {
          if (this.accepted) listener(session, frame);
        });
      }
      accepted = false;
      override async accept(...args: Accept): Promise<VoiceConnection> {
        const connection = await super.accept(...args);
        this.accepted = true;
        return connection;
      }
    },
    "taps are shown what a client said before it was accepted",
  ],
  [
    "taps are shown frames twice",
    class extends FakeBackend {
      override onAudioReceived(listener: Listener<[VoiceSession, AudioFrame]>): Unsubscribe {
        return super.onAudioReceived((...args) => {
          listener(...args);
          listener(...args);
        });
      }
    },
    "taps are shown what a client said while its session was made",
  ],
  [
    "a stalled source outlasts its client",
    class extends FakeBackend {
      override async sendAudio(session: VoiceSession, audio: AudioFrame | AsyncIterable<AudioFrame>): Promise<void> {
        if ("samples" in audio) return super.sendAudio(session, audio);
        for await (const frame of audio) await super.sendAudio(session, frame).catch(() => {});
      }
    },
    "sendAudio of a stalled stream",
  ],
  [
    "any message is taken",
    class extends FakeBackend {
      override async sendMessage(): Promise<void> {}
    },
    "sendMessage refuses what is no JSON",
  ],
  [
    "an end is told twice",
    class extends FakeBackend {
      override onSessionEnded(listener: Listener<[VoiceSession, CloseReason]>): Unsubscribe {
        return super.onSessionEnded((...args) => {
          listener(...args);
          listener(...args);
        });
      }
    },
    "disconnect ends a session that was ready",
  ],
  [
    "the end of an accepted session is told as one of the client alone",
    class extends FakeBackend {
      override onSessionEnded(listener: Listener<[VoiceSession, CloseReason]>): Unsubscribe {
        return super.onSessionEnded((session, reason) => {
          if (!session.id.startsWith("own")) listener(session, reason);
        });
      }
    },
    "a client that leaves ends a session that was accepted",
  ],
  [
    "a copy of a session is as good as the session",
    class extends FakeBackend {
      override async disconnect(session: VoiceSession, reason?: CloseReason): Promise<void> {
        await super.disconnect(this.sessions.get(session.id) ?? session, reason);
      }
    },
    "a session of somebody else's is unknown",
  ],
  [
    "a closed backend still makes sessions",
    class extends FakeBackend {
      override async close(): Promise<void> {
        await super.close();
        this.closed = false;
      }
    },
    "close ends everything once",
  ],
  [
    "clients that wait are left when it closes",
    class extends FakeBackend {
      override async close(): Promise<void> {
        this.closed = true;
        for (const session of [...this.sessions.values()]) await this.disconnect(session);
      }
    },
    "close ends everything once",
  ],
];

describe("a broken backend is found:", () => {
  it.each(broken)("%s", async (_fault, Backend, found) => {
    const cases = backendConformance({ open: () => fakeHarness(Backend), timeoutMs: 300 });
    const one = cases.find(({ name }) => name.startsWith(found));
    expect(one).toBeDefined();
    await expect(one?.run()).rejects.toThrow();
  });
});
