import { expect, it } from "vitest";
import { backoffMs, defaultReconnect } from "./backoff.ts";

it("doubles up to its limit, half of it random", () => {
  const delays = (random: number): number[] =>
    [0, 1, 2, 3, 4, 5, 50].map((n) => backoffMs(defaultReconnect, n, random));
  expect(delays(1)).toEqual([300, 600, 1_200, 2_400, 4_800, 5_000, 5_000]);
  expect(delays(0)).toEqual([150, 300, 600, 1_200, 2_400, 2_500, 2_500]);
});
