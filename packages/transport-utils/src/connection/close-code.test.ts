import { expect, it } from "vitest";
import { byeFor, closeCodeFor } from "./close-code.ts";

it.each([
  ["server_closed", false, 1000],
  ["session_limit", false, 1000],
  ["the application's own", undefined, 1000],
  ["the application's own", true, 1011],
  ["draining", false, 1001],
  ["idle_timeout", false, 1008],
  ["rate_limited", true, 1008],
  ["slow_consumer", false, 1013],
  ["not_joined", false, 1011],
  ["resume_expired", false, 4404],
])("%s, failed %s, closes with %i", (code, failed, expected) => {
  expect(closeCodeFor({ code, message: "", failed })).toBe(expected);
});

it("who is told goodbye is told whether to come back, and whether that was an end in peace", () => {
  expect([byeFor({ code: "draining", message: "" }), byeFor({ code: "call_ended", message: "" })]).toEqual([
    { type: "bye", reason: "draining", resumable: true, code: 1001 },
    { type: "bye", reason: "call_ended", resumable: false, code: 1000 },
  ]);
});
