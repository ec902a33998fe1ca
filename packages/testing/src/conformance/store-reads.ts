import type { EventQuery } from "@roomkit/core";
import { checkEqual } from "./equal.ts";
import type { StoreCase } from "./store-case.ts";
import { MADE_AT, sampleEvent, sampleRoom } from "./store-samples.ts";

/** What of a log of ten events each query gives. */
const QUERIES: readonly [EventQuery, readonly number[]][] = [
  [{}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  [{ after: -1 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  [{ after: 0 }, [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  [{ after: 7 }, [8, 9]],
  [{ after: 9 }, []],
  [{ after: 50 }, []],
  [{ before: 3 }, [0, 1, 2]],
  [{ before: 0 }, []],
  [{ before: 50 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  [{ last: 3 }, [7, 8, 9]],
  [{ last: 0 }, []],
  [{ last: 50 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  [{ before: 5, last: 2 }, [3, 4]],
  [{ after: 3, last: 2 }, [8, 9]],
  [{ after: 7, last: 5 }, [8, 9]],
  [{ after: 2, before: 6 }, [3, 4, 5]],
  [{ after: 2, before: 6, last: 1 }, [5]],
  [{ after: 6, before: 3 }, []],
];

export const readCases: readonly StoreCase[] = [
  ...QUERIES.map(
    ([query, expected]): StoreCase => [
      `reading ${JSON.stringify(query)} of ten events gives ${expected.length === 0 ? "nothing" : expected.join(" ")}`,
      async (store) => {
        await store.createRoom(sampleRoom("r"));
        for (let n = 0; n < 5; n++) await store.commit("r", [sampleEvent("a"), sampleEvent("b")], { at: MADE_AT });
        checkEqual(
          (await store.readEvents("r", query)).map(({ index }) => index),
          expected,
          "the indexes",
        );
      },
    ],
  ),
  [
    "an unknown room has no events, bindings or participants",
    async (store) => {
      const found = [
        await store.readEvents("none"),
        await store.listBindings("none"),
        await store.listParticipants("none"),
      ];
      checkEqual(found, [[], [], []], "what is found");
    },
  ],
];
