import type { ConversationStore, KeptSession, KeptSessions } from "@roomkit/core";
import { settle } from "../settle.ts";
import { checkRejects } from "./case.ts";
import { checkEqual } from "./equal.ts";
import type { StoreCase } from "./store-case.ts";
import { MADE_AT, sampleRoom, sampleSession, tamper } from "./store-samples.ts";

const at = MADE_AT;
const WAIT_MS = 5_000;
const kept = { ttlMs: 60_000 };

type SessionCase = readonly [
  name: string,
  run: (
    sessions: KeptSessions,
    store: ConversationStore,
    make: (id: string, more?: Partial<KeptSession>) => KeptSession,
  ) => Promise<void>,
];

const cases: readonly SessionCase[] = [
  [
    "a session is kept and found by its token, as it was given",
    async (sessions, _, make) => {
      // What a call holds when much was said.
      const call = { text: "Grüße, 世界 🌍 \u0000 \" \\ '".repeat(2_000), list: [null, true, 0.1, { nested: [] }] };
      const session = make("s", { call, metadata: { 名: "Zoë" }, transport: undefined });
      checkEqual(await sessions.keep(session, kept), true, "what keep gives");
      await sessions.keep(make("other"), kept);
      checkEqual(await sessions.find("token of s"), session, "what is found");
      checkEqual((await sessions.find("token of other"))?.sessionId, "other", "the other");
      for (const none of ["token", "", "Token of s", "s"])
        checkEqual(await sessions.find(none), undefined, `by "${none}"`);
    },
  ],
  [
    "a session has as many tokens as it is given, none too; kept again, an old one finds nothing",
    async (sessions, _, make) => {
      const found = async (): Promise<(string | undefined)[]> => {
        const all = await Promise.all(["a", "b", "c"].map((token) => sessions.find(token)));
        return all.map((session) => session && String(session.call));
      };
      await sessions.keep(make("s", { tokens: ["a"], call: "1" }), kept);
      await sessions.keep(make("s", { tokens: ["b", "a"], call: "2" }), kept);
      checkEqual(await found(), ["2", "2", undefined], "with two tokens");
      await sessions.keep(make("s", { tokens: ["c", "b"], call: "3" }), kept);
      checkEqual(await found(), [undefined, "3", "3"], "with the next");
      await sessions.keep(make("s", { tokens: [] }), kept);
      checkEqual(await found(), [undefined, undefined, undefined], "with none");
      await sessions.keep(make("s", { tokens: ["a", "b", "c"], call: "4" }), kept);
      checkEqual(await found(), ["4", "4", "4"], "with three");
    },
  ],
  [
    "a session that is forgotten is found no longer, and nobody is given it",
    async (sessions, _, make) => {
      for (const id of ["s", "other"]) await sessions.keep(make(id), kept);
      await sessions.keep(make("brief"), { ttlMs: 1 });
      const told = [];
      for (const id of ["s", "s", "brief", "no such session"]) told.push(await sessions.forget(id, {}));
      checkEqual(told, [true, false, true, false], "whether there was one to forget");
      checkEqual(await sessions.find("token of s"), undefined, "the one that is forgotten");
      checkEqual((await sessions.find("token of other"))?.sessionId, "other", "the other");
      await sessions.keep(make("last"), { ttlMs: 1 });
      checkEqual(idsOf(await expiredOf(sessions)), ["last"], "what nobody came back to");
    },
  ],
  [
    "a session whose time is over is not found, and given once, the longest gone first",
    async (sessions, _, make) => {
      await sessions.keep(make("kept"), kept);
      checkEqual(await sessions.expired(10), [], "before any is over");
      await sessions.keep(make("c"), kept);
      for (const [id, ttlMs] of Object.entries({ a: 1, b: 5, c: 10 })) await sessions.keep(make(id), { ttlMs });
      await untilGone(sessions, "token of c");
      checkEqual(await sessions.expired(1), [make("a")], "the first");
      checkEqual(idsOf(await sessions.expired(10)), ["b", "c"], "the others");
      checkEqual(await sessions.expired(10), [], "what is left to give");
      checkEqual((await sessions.find("token of kept"))?.sessionId, "kept", "one whose time is not over");
    },
  ],
  [
    "a session that is kept again has its time anew",
    async (sessions, _, make) => {
      await sessions.keep(make("s"), { ttlMs: 1 });
      await untilGone(sessions, "token of s");
      await sessions.keep(make("s"), kept);
      checkEqual((await sessions.find("token of s"))?.sessionId, "s", "kept again");
      checkEqual(await sessions.expired(10), [], "what is over");
      await sessions.keep(make("s"), { ttlMs: 1 });
      checkEqual(idsOf(await expiredOf(sessions)), ["s"], "kept for a shorter time");
    },
  ],
  [
    "whose room was taken over keeps and forgets no session in it",
    async (sessions, store, make) => {
      await store.commit("r", [], { at, fence: 5 });
      const mine = make("s", { call: "mine" });
      for (const fence of [5, 5, undefined])
        checkEqual(await sessions.keep(mine, { ...kept, fence }), true, `with ${fence}`);
      await store.commit("r", [], { at, fence: 1_700_000_000_000_007 });
      const zombie = make("s", { call: "zombie", tokens: ["stolen"] });
      for (const session of [zombie, make("new", { tokens: ["stolen"] })]) {
        checkEqual(await sessions.keep(session, { ...kept, fence: 5 }), false, "with a smaller fence");
      }
      checkEqual(await sessions.forget("s", { fence: 5 }), false, "whether the zombie forgot it");
      checkEqual(await sessions.find("stolen"), undefined, "what was not to be kept");
      checkEqual(await sessions.find("token of s"), mine, "what was kept before");
      await store.createRoom(sampleRoom("other"));
      checkEqual(await sessions.keep(sampleSession("other", "o"), { ...kept, fence: 1 }), true, "in another room");
      await sessions.forget("s", { fence: 1_700_000_000_000_007 });
      checkEqual(await sessions.find("token of s"), undefined, "what the new holder forgot");
    },
  ],
  [
    "a session kept with a greater fence shuts the others out, as a commit does",
    async (sessions, store, make) => {
      await sessions.keep(make("s"), { ...kept, fence: 3 });
      await sessions.keep(make("s", { call: "heir" }), { ...kept, fence: 4 });
      checkEqual(await store.commit("r", [], { at, fence: 3 }), { status: "fenced", fence: 4 }, "a commit");
      checkEqual(await sessions.keep(make("s", { call: "zombie" }), { ...kept, fence: 3 }), false, "a session");
      checkEqual(await sessions.keep(make("another"), { ...kept, fence: 3 }), false, "another session");
      checkEqual((await sessions.find("token of s"))?.call, "heir", "what is kept");
    },
  ],
  [
    "of a session kept with many fences at once the greatest stays",
    async (sessions, _, make) => {
      for (let base = 0; base < 50; base += 10) {
        const fences = [3, 1, 5, 2, 4, 8, 6, 7].map((fence) => base + fence);
        await Promise.all(fences.map((fence) => sessions.keep(make("s", { call: fence }), { ...kept, fence })));
        checkEqual((await sessions.find("token of s"))?.call, base + 8, "whose it is");
      }
    },
  ],
  [
    "sessions need a room, and are gone with it",
    async (sessions, store, make) => {
      const homeless = sessions.keep(sampleSession("none", "s"), { ...kept, fence: 1 });
      await checkRejects(homeless, "unknown_room", WAIT_MS, "a session without a room");
      await store.createRoom(sampleRoom("other"));
      await sessions.keep(make("s"), kept);
      await sessions.keep(make("brief"), { ttlMs: 1 });
      await sessions.keep(sampleSession("other", "o"), kept);
      await sessions.keep(sampleSession("other", "brief too"), { ttlMs: 1 });
      await store.deleteRoom("r");
      checkEqual(await sessions.find("token of s"), undefined, "one of the room that is gone");
      checkEqual((await sessions.find("token of o"))?.sessionId, "o", "one of the other room");
      checkEqual(idsOf(await expiredOf(sessions)), ["brief too"], "what is over");
    },
  ],
  [
    "only data is kept of a session, and what is not stores nothing",
    async (sessions, _, make) => {
      await sessions.keep(make("s", { call: "before" }), kept);
      const bad = make("s", { call: { nested: [() => {}] } });
      await checkRejects(sessions.keep(bad, kept), "invalid_data", WAIT_MS, "a session with a function in it");
      checkEqual((await sessions.find("token of s"))?.call, "before", "what is kept");
    },
  ],
  [
    "a store owns its sessions: what is done to them outside changes nothing in it",
    async (sessions, _, make) => {
      const fresh = (): KeptSession => make("s", { call: { list: [1] }, metadata: { name: "Ann" } });
      const session = fresh();
      await sessions.keep(session, kept);
      for (const outside of [session, (await sessions.find("token of s")) ?? fresh()]) {
        tamper(() => (outside.call as { list: number[] }).list.push(2));
        tamper(() => Object.assign(outside.metadata, { name: "Bob" }));
        tamper(() => (outside.tokens as string[]).push("stolen"));
      }
      checkEqual(await sessions.find("token of s"), fresh(), "what is in the store");
      checkEqual(await sessions.find("stolen"), undefined, "by a token it was not kept with");
    },
  ],
];

/** For stores that have sessions, with a room `r`; one that has none meets them all. */
export const sessionCases: readonly StoreCase[] = cases.map(([name, run]) => [
  name,
  async (store) => {
    if (!store.sessions) return;
    await store.createRoom(sampleRoom("r"));
    await run(store.sessions, store, (id, more) => sampleSession("r", id, more));
  },
]);

/** The sessions that are over, as soon as some are. */
async function expiredOf(sessions: KeptSessions): Promise<readonly KeptSession[]> {
  for (;;) {
    const gone = await sessions.expired(10);
    if (gone.length > 0) return gone;
    await settle(2);
  }
}

/** Waits until nothing is found by this token, as the session's time is over. */
export async function untilGone(sessions: KeptSessions, token: string): Promise<void> {
  while (await sessions.find(token)) await settle(2);
}

export function idsOf(sessions: readonly KeptSession[]): string[] {
  return sessions.map(({ sessionId }) => sessionId);
}
