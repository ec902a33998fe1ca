import { expect, it } from "vitest";
import { Refusals } from "./refusals.ts";

it("counts who was not let in by reason, and reasons without end as one", () => {
  const refusals = new Refusals();
  refusals.note("node_full");
  for (let i = 0; i < 1_000; i++) refusals.note(`made_up_${i}`);
  refusals.note("node_full");
  expect([refusals.counts.get("node_full"), refusals.counts.size]).toEqual([2, 65]);
  expect(refusals.counts.get("other")).toBe(1_000 - 63);
});
