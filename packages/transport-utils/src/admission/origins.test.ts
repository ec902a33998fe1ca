import { expect, it } from "vitest";
import { type Origins, originProblem } from "./origins.ts";

const page = "https://app.example";
const asked = (origins: unknown) => originProblem(page, "voice.example", origins as Origins);

it("a test of the origin allows it by true", () => {
  expect(asked((origin: string) => origin === page)).toBeUndefined();
  expect(asked(() => false)).toBe("origin_not_allowed");
});

it.each([
  ["a promise of false", async () => false],
  ["a promise of true", async () => true],
  ["a promise that fails", () => Promise.reject(new Error("no list"))],
  ["what is merely truthy", () => 1],
])("a test of the origin that gives %s allows no page", (_what, origins) => {
  expect(asked(origins)).toBe("origin_not_allowed");
});
