import { checkRejects } from "./case.ts";
import { checkEqual } from "./equal.ts";
import type { StoreCase } from "./store-case.ts";
import { sampleBinding, sampleParticipant, sampleRoom, tamper } from "./store-samples.ts";

const WAIT_MS = 5_000;

export const bindingCases: readonly StoreCase[] = [
  [
    "bindings are kept by room and channel, replaced in place, and removed",
    async (store) => {
      for (const id of ["r", "other"]) await store.createRoom(sampleRoom(id));
      const ai = sampleBinding("r", "ai", {
        category: "intelligence",
        visibility: ["voice"],
        metadata: { model: "m" },
      });
      await store.putBinding(sampleBinding("r", "voice"));
      await store.putBinding(ai);
      await store.putBinding(sampleBinding("other", "voice", { muted: true }));
      const muted = sampleBinding("r", "voice", { muted: true, outputMuted: true, access: "read_only" });
      await store.putBinding(muted);
      checkEqual(await store.listBindings("r"), [muted, ai], "the bindings");
      await store.removeBinding("r", "voice");
      await store.removeBinding("r", "voice");
      await store.removeBinding("none", "voice");
      checkEqual(await store.listBindings("r"), [ai], "the bindings left");
      checkEqual((await store.listBindings("other")).length, 1, "bindings of the other room");
    },
  ],
  [
    "participants are kept by room and id, and replaced in place",
    async (store) => {
      for (const id of ["r", "other"]) await store.createRoom(sampleRoom(id));
      const bob = sampleParticipant("r", "bob", { role: "agent", displayName: "Bob", metadata: { n: [1] } });
      await store.putParticipant(sampleParticipant("r", "ann"));
      await store.putParticipant(bob);
      const ann = sampleParticipant("r", "ann", { role: "owner", displayName: "Ann" });
      await store.putParticipant(ann);
      checkEqual(await store.listParticipants("r"), [ann, bob], "the participants");
      checkEqual(await store.listParticipants("other"), [], "participants of the other room");
    },
  ],
  [
    "bindings and participants need a room",
    async (store) => {
      await checkRejects(
        store.putBinding(sampleBinding("none", "voice")),
        "unknown_room",
        WAIT_MS,
        "a binding without a room",
      );
      const participant = store.putParticipant(sampleParticipant("none", "ann"));
      await checkRejects(participant, "unknown_room", WAIT_MS, "a participant without a room");
    },
  ],
  [
    "a store owns its bindings and participants: what is done to them outside changes nothing in it",
    async (store) => {
      await store.createRoom(sampleRoom("r"));
      const binding = sampleBinding("r", "voice", { metadata: { list: [1] } });
      const participant = sampleParticipant("r", "ann", { metadata: { list: [1] } });
      await store.putBinding(binding);
      await store.putParticipant(participant);
      const given = [binding, participant, ...(await store.listBindings("r")), ...(await store.listParticipants("r"))];
      for (const outside of given) {
        tamper(() => (outside.metadata.list as number[]).push(2));
        tamper(() => Object.assign(outside, { access: "none", role: "owner" }));
      }
      const found = [(await store.listBindings("r"))[0], (await store.listParticipants("r"))[0]];
      const expected = [
        sampleBinding("r", "voice", { metadata: { list: [1] } }),
        sampleParticipant("r", "ann", { metadata: { list: [1] } }),
      ];
      checkEqual(found, expected, "what is in the store");
    },
  ],
];
