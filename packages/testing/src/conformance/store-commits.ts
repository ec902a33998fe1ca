import type { CommitResult, NewEvent } from "@roomkit/core";
import { check, checkRejects } from "./case.ts";
import { checkEqual } from "./equal.ts";
import type { StoreCase } from "./store-case.ts";
import { MADE_AT, sampleEvent, sampleRoom, tamper, textsOf } from "./store-samples.ts";

const WAIT_MS = 5_000;

/** One event of every kind, with everything an event can carry. */
function fullEvents(): NewEvent[] {
  return [
    sampleEvent("what was heard", {
      idempotencyKey: "key",
      parentEventId: "parent",
      correlationId: "turn",
      source: { channelId: "ai", participantId: "bot", role: "assistant" },
      heard: { interrupted: true, unheard: " and the rest", playedMs: 1_234.5, confidence: "reported" },
      metadata: { nested: { list: [1, null, true, "ü"] } },
      visibility: ["voice", "ui"],
      chainDepth: 3,
    }),
    sampleEvent("", { status: "blocked", blockedBy: "source_muted", visibility: "none" }),
    sampleEvent("", { content: { type: "tool-call", callId: "c", name: "look_up", arguments: { q: ["a"] } } }),
    sampleEvent("", { content: { type: "tool-result", callId: "c", name: "look_up", result: "42", isError: false } }),
    sampleEvent("", { content: { type: "system", code: "channel_attached", data: { channelId: "voice" } } }),
    sampleEvent("", { content: { type: "system", code: "interrupted" }, createdAt: MADE_AT - 5_000 }),
  ];
}

function indexes(results: readonly CommitResult[]): number[] {
  return results.flatMap((result) => ("events" in result ? result.events.map(({ index }) => index) : []));
}

export const commitCases: readonly StoreCase[] = [
  [
    "a log counts from 0 without a gap, whatever is committed together",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      const results = [
        await store.commit("r", [sampleEvent("a")], { at: MADE_AT }),
        await store.commit("r", [sampleEvent("b"), sampleEvent("c", { status: "blocked", blockedBy: "hook:x" })], {
          at: MADE_AT,
        }),
        await store.commit("r", [sampleEvent("d")], { at: MADE_AT }),
      ];
      checkEqual(indexes(results), [0, 1, 2, 3], "the indexes");
      checkEqual(textsOf(await store.readEvents("r")), ["a", "b", "c", "d"], "the log");
    },
  ],
  [
    "an event comes back as it was given, with its room and index",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      const events = fullEvents();
      const result = await store.commit("r", events, { at: MADE_AT });
      const expected = events.map((event, index) => ({ ...event, roomId: "r", index }));
      checkEqual(result, { status: "committed", events: expected }, "what commit gives");
      checkEqual(await store.readEvents("r"), expected, "what is read");
    },
  ],
  [
    "a commit counts the events and notes the activity, and is no change of the room itself",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      await store.commit("r", [sampleEvent("a"), sampleEvent("b")], { at: MADE_AT + 50 });
      const expected = sampleRoom("r", { eventCount: 2, lastActivityAt: MADE_AT + 50 });
      checkEqual(await store.getRoom("r"), expected, "the room");
      await store.commit("r", [sampleEvent("late")], { at: MADE_AT + 20 });
      checkEqual((await store.getRoom("r"))?.lastActivityAt, MADE_AT + 50, "activity after a commit that came late");
      await store.patchRoom("r", { status: "paused" }, 0);
      checkEqual((await store.getRoom("r"))?.eventCount, 3, "the count after a patch");
    },
  ],
  [
    "commits side by side each get indexes of their own, together without a gap",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      const commits = Array.from({ length: 40 }, (_, n) =>
        store.commit("r", n % 4 === 0 ? [sampleEvent(`${n}`), sampleEvent(`${n}+`)] : [sampleEvent(`${n}`)], {
          at: MADE_AT,
        }),
      );
      const results = await Promise.all(commits);
      const taken = indexes(results).sort((a, b) => a - b);
      checkEqual(
        taken,
        Array.from({ length: 50 }, (_, index) => index),
        "all indexes",
      );
      for (const result of results) {
        if (result.status !== "committed" || result.events.length < 2) continue;
        const [first, second] = result.events.map(({ index }) => index);
        check(second === (first as number) + 1, "events committed together must stand together");
      }
      checkEqual(
        (await store.readEvents("r")).map(({ index }) => index),
        taken,
        "the log",
      );
      checkEqual((await store.getRoom("r"))?.eventCount, 50, "the count");
    },
  ],
  [
    "rooms count for themselves",
    async (store) => {
      for (const id of ["a", "b"]) await store.createRoom(sampleRoom(id));
      const results = await Promise.all(
        ["a", "b", "a"].map((id) => store.commit(id, [sampleEvent(id)], { at: MADE_AT })),
      );
      checkEqual(indexes(results).sort(), [0, 0, 1], "the indexes");
      checkEqual(textsOf(await store.readEvents("b")), ["b"], "the other room's log");
    },
  ],
  [
    "a commit needs a room",
    async (store) => {
      await checkRejects(
        store.commit("none", [sampleEvent("a")], { at: MADE_AT }),
        "unknown_room",
        WAIT_MS,
        "a commit without a room",
      );
    },
  ],
  [
    "closed and archived rooms take nothing and can be read; paused ones take it",
    async (store) => {
      for (const status of ["paused", "closed", "archived"] as const) {
        await store.createRoom(sampleRoom(status));
        await store.commit(status, [sampleEvent("before")], { at: MADE_AT });
        await store.patchRoom(status, { status }, 0);
        const result = await store.commit(status, [sampleEvent("after")], { at: MADE_AT + 9 });
        const open = status === "paused";
        checkEqual(result.status, open ? "committed" : "closed", `a commit to a ${status} room`);
        checkEqual(
          textsOf(await store.readEvents(status)),
          open ? ["before", "after"] : ["before"],
          `the log when ${status}`,
        );
        checkEqual((await store.getRoom(status))?.eventCount, open ? 2 : 1, `the count when ${status}`);
      }
    },
  ],
  [
    "a commit that meets the closing is either in the log or refused",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      const commits = Array.from({ length: 10 }, (_, n) => store.commit("r", [sampleEvent(`${n}`)], { at: MADE_AT }));
      const [results] = await Promise.all([Promise.all(commits), store.patchRoom("r", { status: "closed" }, 0)]);
      const committed = results.filter(({ status }) => status === "committed").length;
      checkEqual((await store.readEvents("r")).length, committed, "the length of the log");
      checkEqual((await store.getRoom("r"))?.eventCount, committed, "the count");
      checkEqual(
        (await store.commit("r", [sampleEvent("late")], { at: MADE_AT })).status,
        "closed",
        "a commit afterwards",
      );
    },
  ],
  [
    "a commit of nothing stores nothing",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      checkEqual(await store.commit("r", [], { at: MADE_AT }), { status: "committed", events: [] }, "what it gives");
      checkEqual((await store.getRoom("r"))?.eventCount, 0, "the count");
    },
  ],
  [
    "a store owns its events: what is done to them outside changes nothing in it",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      const event = sampleEvent("said", { metadata: { list: [1] } });
      const result = await store.commit("r", [event], { at: MADE_AT });
      const read = await store.readEvents("r");
      const given = result.status === "committed" ? [...result.events, ...read] : [];
      for (const outside of [event, ...given]) {
        tamper(() => Object.assign(outside.content, { text: "changed" }));
        tamper(() => Object.assign(outside, { status: "blocked" }));
        tamper(() => (outside.metadata as { list: number[] }).list.push(2));
      }
      tamper(() => (read as unknown[]).pop());
      const [found] = await store.readEvents("r");
      checkEqual(
        [found?.content, found?.status, found?.metadata],
        [{ type: "text", text: "said" }, "delivered", { list: [1] }],
        "the event",
      );
    },
  ],
];
