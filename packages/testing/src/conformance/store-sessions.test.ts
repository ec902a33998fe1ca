import type { KeptSession, KeptSessions, MemoryStore } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { type Change, failures } from "./store-views.fixture.ts";

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** The sessions of a store, with something changed. */
const having =
  (change: (sessions: KeptSessions, store: MemoryStore) => Partial<KeptSessions>): Change =>
  (store) => {
    const { sessions } = store;
    const own: KeptSessions = {
      keep: (session, options) => sessions.keep(session, options),
      find: (token) => sessions.find(token),
      forget: (sessionId, options) => sessions.forget(sessionId, options),
      expired: (limit) => sessions.expired(limit),
    };
    return { sessions: { ...own, ...change(sessions, store) } };
  };

const keeping = (alter: (session: KeptSession) => KeptSession): Change =>
  having((sessions) => ({ keep: (session, options) => sessions.keep(alter(session), options) }));

/** Gives what `hold` made of a session when it was kept, each time the same object. */
const giving = (hold: (session: KeptSession) => KeptSession): Change =>
  having((sessions) => {
    const all = new Map<string, KeptSession>();
    return {
      keep: async (session, options) => {
        all.set(session.sessionId, hold(session));
        return await sessions.keep(session, options);
      },
      find: async (token) => {
        const found = await sessions.find(token);
        return found && all.get(found.sessionId);
      },
    };
  });

/** Compares with the fences of the sessions that this process kept, and no others. */
const fencesApart = having((sessions) => {
  let greatest = 0;
  return {
    keep: async (session, { ttlMs, fence = greatest }) => {
      if (fence < greatest) return false;
      greatest = fence;
      return await sessions.keep(session, { ttlMs });
    },
  };
});

/** Each breaks one thing of a store that is right otherwise. */
const defects: Record<string, readonly [required: string, change: Change]> = {
  "cuts what is long": [
    "found by its token, as it was given",
    keeping((session) => {
      const { text } = session.call as { text?: string };
      return text === undefined
        ? session
        : { ...session, call: { ...(session.call as object), text: text.slice(0, 8_000) } };
    }),
  ],
  "looks at letters as if they were all small": [
    "found by its token, as it was given",
    having((sessions) => ({ find: (token) => sessions.find(token.toLowerCase()) })),
  ],
  "keeps the newest token alone": [
    "as many tokens as it is given",
    keeping((session) => ({ ...session, tokens: session.tokens.slice(0, 1) })),
  ],
  "keeps two tokens, and no third": [
    "as many tokens as it is given",
    keeping((session) => ({ ...session, tokens: session.tokens.slice(0, 2) })),
  ],
  "finds by tokens that are no longer": [
    "an old one finds nothing",
    having((sessions) => {
      const old = new Map<string, string>();
      return {
        keep: async (session, options) => {
          const kept = await sessions.keep({ ...session, tokens: [...session.tokens, session.sessionId] }, options);
          for (const token of session.tokens) old.set(token, session.sessionId);
          return kept;
        },
        find: (token) => sessions.find(old.get(token) ?? token),
      };
    }),
  ],
  "forgets nothing": ["found no longer, and nobody is given it", having(() => ({ forget: async () => true }))],
  "gives what was forgotten": [
    "found no longer, and nobody is given it",
    having((sessions) => {
      const forgotten = new Set<string>();
      return {
        forget: async (sessionId) => !!forgotten.add(sessionId),
        find: async (token) => {
          const found = await sessions.find(token);
          return found && forgotten.has(found.sessionId) ? undefined : found;
        },
      };
    }),
  ],
  "keeps for ever": [
    "whose time is over",
    having((sessions) => ({ keep: (session, options) => sessions.keep(session, { ...options, ttlMs: 3_600_000 }) })),
  ],
  "finds what is over until it is given": [
    "whose time is over",
    having((sessions) => {
      const all = new Map<string, KeptSession>();
      return {
        keep: async (session, options) => {
          for (const token of session.tokens) all.set(token, structuredClone(session));
          return await sessions.keep(session, options);
        },
        find: async (token) => (await sessions.find(token)) ?? all.get(token),
      };
    }),
  ],
  "gives as many as there are": [
    "the longest gone first",
    having((sessions) => ({ expired: () => sessions.expired(100) })),
  ],
  "gives the newest first": [
    "the longest gone first",
    having((sessions) => ({ expired: async (limit) => (await sessions.expired(limit)).toReversed() })),
  ],
  "gives what is over again and again": [
    "given once",
    having((sessions) => {
      const given: KeptSession[] = [];
      return {
        expired: async (limit) => {
          given.push(...(await sessions.expired(limit)));
          return given.slice(0, limit);
        },
      };
    }),
  ],
  "gives each process all that is over": [
    "two processes: a session that nobody came back to",
    (store) => {
      const gone = overOf(store);
      let given = 0;
      return having((sessions) => ({
        expired: async (limit) => {
          gone.push(...(await sessions.expired(limit)));
          const part = gone.slice(given, given + limit);
          given += part.length;
          return part;
        },
      }))(store);
    },
  ],
  "lets a session's first time stand": [
    "has its time anew",
    having((sessions) => {
      const until = new Map<string, number>();
      return {
        keep: (session, options) => {
          const first = until.get(session.sessionId) ?? performance.now() + options.ttlMs;
          until.set(session.sessionId, first);
          return sessions.keep(session, { ...options, ttlMs: first - performance.now() });
        },
      };
    }),
  ],
  "looks at no fence": [
    "whose room was taken over keeps and forgets no session",
    having((sessions) => ({ keep: (session, { ttlMs }) => sessions.keep(session, { ttlMs }) })),
  ],
  "refuses the same fence again": [
    "whose room was taken over keeps and forgets no session",
    having((sessions) => {
      let greatest = 0;
      return {
        keep: async (session, options) => {
          const { fence = greatest + 1 } = options;
          if (fence <= greatest) return false;
          greatest = options.fence ?? greatest;
          return await sessions.keep(session, options);
        },
      };
    }),
  ],
  "lets anybody forget": [
    "whose room was taken over keeps and forgets no session",
    having((sessions) => ({ forget: (sessionId) => sessions.forget(sessionId, {}) })),
  ],
  "says that it kept what it did not": [
    "whose room was taken over keeps and forgets no session",
    having((sessions) => ({ keep: async (session, options) => (await sessions.keep(session, options)) || true })),
  ],
  "has fences of its own for sessions": ["with a greater fence shuts the others out", fencesApart],
  "looks at the fence before it waits": [
    "with many fences at once",
    having((sessions) => {
      let greatest = 0;
      return {
        keep: async (session, { fence = 0, ttlMs }) => {
          if (fence < greatest) return false;
          await new Promise((resolve) => setTimeout(resolve, 20 - 2 * (fence % 10)));
          greatest = Math.max(greatest, fence);
          return await sessions.keep(session, { ttlMs });
        },
      };
    }),
  ],
  "says nothing of rooms that it does not have": [
    "sessions need a room",
    having((sessions, store) => ({
      keep: async (session, options) =>
        (await store.getRoom(session.roomId)) !== undefined && (await sessions.keep(session, options)),
    })),
  ],
  "leaves a deleted room's sessions": [
    "sessions need a room, and are gone with it",
    () => ({ deleteRoom: async () => {} }),
  ],
  "leaves out what it cannot store": ["only data is kept", keeping((session) => JSON.parse(JSON.stringify(session)))],
  "keeps the object it is handed": ["owns its sessions", giving((session) => session)],
  "gives out what it keeps": ["owns its sessions", giving((session) => structuredClone(session))],
  "has fences of its own in each process": [
    "two processes: a session that one keeps the other goes on with",
    fencesApart,
  ],
};

/** What was over in an engine, for every process that asks. */
const over = new WeakMap<MemoryStore, KeptSession[]>();
function overOf(store: MemoryStore): KeptSession[] {
  const gone = over.get(store) ?? [];
  over.set(store, gone);
  return gone;
}

describe("storeConformance, of sessions", () => {
  it("passes a store that keeps none", async () => {
    expect(await failures(() => ({ sessions: undefined }), "session")).toEqual([]);
  });

  it("passes one that answers later", async () => {
    const slow = having((sessions) => ({
      find: async (token) => {
        await later();
        return await sessions.find(token);
      },
      expired: async (limit) => {
        await later();
        return await sessions.expired(limit);
      },
    }));
    expect(await failures(slow, "session")).toEqual([]);
  });

  for (const [defect, [required, change]] of Object.entries(defects)) {
    it(`finds a store that ${defect}`, async () => {
      expect(await failures(change, required)).toHaveLength(1);
    });
  }
});
