import { RoomKitError } from "@roomkit/core";
import { describe, expect, expectTypeOf, it } from "vitest";
import { defineTool } from "./define-tool.ts";
import type { Tool } from "./tool.ts";
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

const deep = (schema: unknown) => ({ type: "object", properties: { a: { type: "array", items: schema } } });
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
    ["no execute", { execute: undefined }],
    ["no schema", { parameters: undefined }],
    ["a schema that is a string", { parameters: { type: "object", properties: { day: "string" } } }],
    ["a schema deep inside", { parameters: deep({ anyOf: [{ type: "text" }] }) }],
    ["a list of schemas that is none", { parameters: deep({ oneOf: {} }) }],
    ["properties that are none", { parameters: deep({ properties: ["day"] }) }],
    ["required names that are none", { parameters: deep({ required: true }) }],
  ])("refuses %s, as defineTool does", (_what, change) => {
    const named = expect.stringContaining(JSON.stringify({ ...weather, ...change }.name));
    const error = expect.objectContaining({ code: "invalid_option", message: named });
    expect(broken(change as Partial<Tool>)).toThrowError(error);
    expect(() => defineTool({ ...weather, ...change } as Tool)).toThrowError(error);
  });

  it("names the part of a schema that is none, and what is no tool", () => {
    const parameters = { type: "object", properties: { days: { type: "array", items: "string" } } };
    expect(() => defineTool({ ...weather, parameters })).toThrowError(
      /parameters\.properties\.days\.items must be a schema/,
    );
    for (const tool of [undefined, null, "x"])
      expect(() => defineTool(tool as never)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
    expect(() => defineTool({ ...weather, name: undefined } as never)).toThrowError(/name must be a string/);
  });

  it("takes schemas of every form, and does not go round in one that leads back to itself", () => {
    const node: Record<string, unknown> = { type: ["object", "null"], enum: [{ type: 7 }], default: { items: 7 } };
    node.properties = { type: { const: "x" }, any: true, none: false };
    const made = (schema: unknown) => () => defineTool({ ...weather, parameters: deep(schema) });
    expect(made({ anyOf: [node], prefixItems: [node], if: true })).not.toThrow();
    node.properties = { again: node };
    expect(made(node)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
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
