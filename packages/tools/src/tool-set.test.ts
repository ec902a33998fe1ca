import { RoomKitError } from "@roomkit/core";
import { describe, expect, expectTypeOf, it } from "vitest";
import { defineTool, type Tool } from "./tool.ts";
import { ToolSet } from "./tool-set.ts";

const weather = defineTool({
  name: "get_weather",
  description: "The weather of a city.",
  parameters: {
    type: "object",
    properties: {
      city: { type: "string", minLength: 1 },
      unit: { enum: ["celsius", "fahrenheit"] },
      days: { type: "array", items: { type: "integer" }, maxItems: 3 },
    },
    required: ["city"],
    additionalProperties: false,
  },
  execute: ({ city, unit, days }) => {
    expectTypeOf(city).toEqualTypeOf<string>();
    expectTypeOf(unit).toEqualTypeOf<"celsius" | "fahrenheit" | undefined>();
    expectTypeOf(days).toEqualTypeOf<number[] | undefined>();
    return `${city} ${unit} ${days}`;
  },
});

const broken =
  (change: Partial<Tool>): (() => ToolSet) =>
  () =>
    new ToolSet([{ ...weather, ...change } as Tool]);

describe("ToolSet", () => {
  it("shows the model the definitions and nothing else", () => {
    const { name, description, parameters } = weather;
    expect(new ToolSet([weather]).definitions).toEqual([{ name, description, parameters }]);
  });

  it.each([
    ["a bad name", { name: "get weather" }],
    ["no name", { name: "" }],
    ["a schema of another type", { parameters: { type: "string" } }],
    ["a schema whose reference leads nowhere", { parameters: { type: "object", $ref: "#/nowhere" } }],
    ["a time that is none", { timeoutMs: 0 }],
  ])("refuses %s", (_what, change) => {
    expect(broken(change)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
  });

  it("refuses two tools of one name", () => {
    expect(() => new ToolSet([weather, weather])).toThrowError(RoomKitError);
  });

  it.each([[{ city: "Rome" }], [{ city: "Rome", unit: "celsius", days: [1, 2] }]])("accepts %j", (args) => {
    expect(new ToolSet([weather]).check("get_weather", args)).toEqual({ tool: weather, args });
  });

  it.each<[unknown, RegExp]>([
    [{}, /required property "city"/],
    [{ city: 3 }, /^city: .*"string"/],
    [{ city: "Rome", unit: "kelvin" }, /^unit: .*celsius/],
    [{ city: "Rome", days: [1, "two"] }, /^days\/1: /],
    [{ city: "Rome", extra: 1 }, /"extra"/],
    ["Rome", /"object"/],
    [null, /"object"/],
    [{ city: "x".repeat(70_000) }, /longer than/],
  ])("refuses %j", (args, why) => {
    expect(new ToolSet([weather]).check("get_weather", args)).toEqual({
      code: "invalid_arguments",
      fault: expect.stringMatching(why),
    });
  });

  it("refuses arguments that are no JSON", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(new ToolSet([weather]).check("get_weather", loop)).toMatchObject({ fault: "the arguments are not JSON" });
  });
});
