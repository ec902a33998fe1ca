import { expect, it } from "vitest";
import { encodeData } from "./json.ts";

it.each([[null], [{ a: [1, "ü", true, { b: null }], c: undefined }], ["\u0000"], [Object.create(null)]])(
  "keeps %o",
  (value) => {
    expect(JSON.parse(encodeData(value))).toEqual(value ?? null);
  },
);

const circle: Record<string, unknown> = {};
circle.self = circle;

it.each([
  ["a function", { f: () => {} }],
  ["a symbol", [Symbol("x")]],
  ["a bigint", { n: 1n }],
  ["bytes", { b: new Uint8Array(2) }],
  ["a date", { d: new Date(0) }],
  ["a map", new Map()],
  ["no number", [Number.NaN]],
  ["a circle", circle],
])("refuses %s", (_name, value) => {
  expect(() => encodeData(value)).toThrow(expect.objectContaining({ code: "invalid_data" }));
});
