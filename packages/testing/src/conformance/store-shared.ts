import type { ConversationStore, OutboxItem } from "@roomkit/core";
import { settle } from "../settle.ts";
import { check, checkRejects } from "./case.ts";
import { checkEqual } from "./equal.ts";
import { numbersOf } from "./store-outbox.ts";
import { MADE_AT, sampleBinding, sampleEvent, sampleRoom, sampleSession, textsOf } from "./store-samples.ts";
import { idsOf, untilGone } from "./store-sessions.ts";

/** One requirement, given an empty store and another on the same engine. */
export type SharedStoreCase = readonly [
  name: string,
  run: (store: ConversationStore, other: ConversationStore) => Promise<void>,
];

const at = MADE_AT;
const LONG_MS = 60_000;

/** What two processes on one engine may count on. */
export const sharedCases: readonly SharedStoreCase[] = [
  [
    "two processes: what one writes the other reads",
    async (store, other) => {
      await store.createRoom(sampleRoom("r"));
      await checkRejects(other.createRoom(sampleRoom("r")), "room_exists", LONG_MS, "making the other's room");
      await store.putBinding(sampleBinding("r", "voice"));
      await other.commit("r", [sampleEvent("hello")], { at });
      checkEqual(textsOf(await store.readEvents("r")), ["hello"], "the log");
      checkEqual((await other.listBindings("r")).length, 1, "bindings");
      const tries = await Promise.allSettled(
        [store, other, store, other].map((each, n) => each.patchRoom("r", { metadata: { n } }, 0)),
      );
      checkEqual(tries.filter(({ status }) => status === "fulfilled").length, 1, "patches that won");
    },
  ],
  [
    "two processes: a log that both write to has no gap and no index twice",
    async (store, other) => {
      await store.createRoom(sampleRoom("r"));
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, n) => (n % 2 ? store : other).commit("r", [sampleEvent(`${n}`)], { at })),
      );
      const taken = results.flatMap((result) => ("events" in result ? result.events.map(({ index }) => index) : []));
      checkEqual(
        taken.toSorted((a, b) => a - b),
        Array.from({ length: 60 }, (_, n) => n),
        "the indexes",
      );
      checkEqual((await other.getRoom("r"))?.eventCount, 60, "the count");
    },
  ],
  [
    "two processes: one key at once is one event, and both are given it",
    async (store, other) => {
      await store.createRoom(sampleRoom("r"));
      for (let round = 0; round < 10; round++) {
        const idempotencyKey = `k${round}`;
        const results = await Promise.all(
          [store, other].map((each) => each.commit("r", [sampleEvent("x", { idempotencyKey })], { at })),
        );
        checkEqual(results.map(({ status }) => status).toSorted(), ["committed", "duplicate"], "the commits");
        const ids = results.flatMap((result) => ("events" in result ? result.events.map(({ id }) => id) : []));
        check(ids.length === 2 && ids[0] === ids[1], "both must be given the one event");
      }
      checkEqual((await store.readEvents("r")).length, 10, "events stored");
    },
  ],
  [
    "two processes: whose room was taken over is fenced",
    async (store, other) => {
      await store.createRoom(sampleRoom("r"));
      await store.commit("r", [sampleEvent("mine")], { at, fence: 1 });
      await other.commit("r", [], { at, fence: 2 });
      const stale = await store.commit("r", [sampleEvent("zombie")], { at, fence: 1 });
      checkEqual(stale, { status: "fenced", fence: 2 }, "the zombie's commit");
      checkEqual(textsOf(await other.readEvents("r")), ["mine"], "the log");
    },
  ],
  [
    "two processes: no item of the outbox is claimed by both",
    async (store, other) => {
      await store.createRoom(sampleRoom("r"));
      const outbox = Array.from({ length: 40 }, (_, n) => ({ topic: "t", data: { n } }));
      await store.commit("r", [sampleEvent("x")], { at, outbox });
      const numbers = numbersOf(await store.outbox.claim(6, LONG_MS));
      numbers.push(...numbersOf(await other.outbox.claim(6, LONG_MS)));
      check(numbers.length === 12, "each must be given of what is left");
      for (let round = 0; round < 20 && numbers.length < 40; round++) {
        const claims = await Promise.all([store, other].map((each) => each.outbox.claim(6, LONG_MS)));
        numbers.push(...claims.flatMap(numbersOf));
      }
      checkEqual(
        numbers.toSorted((a, b) => a - b),
        outbox.map(({ data }) => data.n),
        "the items, each once",
      );
    },
  ],
  [
    "two processes: what one committed and did not deliver before its end is delivered by the other, at least once",
    async (store, other) => {
      await store.createRoom(sampleRoom("r"));
      const outbox = [1, 2, 3].map((n) => ({ topic: "t", data: { n } }));
      await store.commit("r", [sampleEvent("x")], { at, outbox });
      const [first] = await store.outbox.claim(2, 100);
      await store.outbox.done((first as OutboxItem).id);
      await store.close();
      // A consumer tells what it had already by its id.
      const delivered = new Map<string, number>();
      while (delivered.size < 2) {
        for (const item of await other.outbox.claim(10, 100)) {
          delivered.set(item.id, (item.data as { n: number }).n);
          await other.outbox.done(item.id);
        }
        await settle(2);
      }
      checkEqual([...delivered.values()].toSorted(), [2, 3], "what was left to deliver");
    },
  ],
  [
    "two processes: a session that one keeps the other goes on with, and the first keeps and forgets it no longer",
    async (store, other) => {
      const [mine, heirs] = [store.sessions, other.sessions];
      if (!mine || !heirs) return;
      await store.createRoom(sampleRoom("r"));
      const session = sampleSession("r", "s");
      await mine.keep(session, { ttlMs: LONG_MS, fence: 1 });
      checkEqual(await heirs.find("token of s"), session, "what the heir finds");
      await other.commit("r", [], { at, fence: 2 });
      await heirs.keep({ ...session, tokens: ["next"] }, { ttlMs: LONG_MS, fence: 2 });
      checkEqual(await mine.keep(session, { ttlMs: LONG_MS, fence: 1 }), false, "what the zombie's keep gives");
      await mine.forget("s", { fence: 1 });
      checkEqual(await mine.find("token of s"), undefined, "by the token that is no longer");
      checkEqual((await mine.find("next"))?.sessionId, "s", "by the new one");
    },
  ],
  [
    "two processes: a session that nobody came back to is given to one of them",
    async (store, other) => {
      const [one, two] = [store.sessions, other.sessions];
      if (!one || !two) return;
      const ids = Array.from({ length: 40 }, (_, n) => `s${n}`);
      await store.createRoom(sampleRoom("r"));
      for (const id of ids) await one.keep(sampleSession("r", id), { ttlMs: 1 });
      await untilGone(two, "token of s39");
      const given = idsOf(await one.expired(3));
      given.push(...idsOf(await two.expired(3)));
      check(given.length === 6, "each must be given of what is left");
      for (let round = 0; round < 20 && given.length < ids.length; round++) {
        const parts = await Promise.all([one, two, one, two].map((each) => each.expired(3)));
        check(
          parts.every(({ length }) => length <= 3),
          "at most as many are given as are asked for",
        );
        given.push(...parts.flatMap(idsOf));
      }
      checkEqual(given.toSorted(), ids.toSorted(), "the sessions, each once");
    },
  ],
];
