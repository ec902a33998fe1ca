import { type ChannelHost, type RoomKitError, silentLogger, type ToolCall } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, expectTypeOf, it, vi } from "vitest";
import { z } from "zod";
import { defineTool } from "./define-tool.ts";
import { NOT_BEGUN, runTool, type ToolOutcome } from "./run-tool.ts";
import type { Tool, ToolContext } from "./tool.ts";
import { ToolSet } from "./tool-set.ts";

const about = { name: "weather", description: "The weather of a city." };
const byZod = defineTool({
  ...about,
  parameters: z.object({ city: z.string().min(1), unit: z.enum(["c", "f"]).optional() }),
  execute: ({ city, unit }, context) => {
    expectTypeOf(city).toEqualTypeOf<string>();
    expectTypeOf(unit).toEqualTypeOf<"c" | "f" | undefined>();
    expectTypeOf(context).toEqualTypeOf<ToolContext>();
    return `${city} ${unit}`;
  },
});
const byValibot = defineTool({
  ...about,
  parameters: toStandardJsonSchema(
    v.object({ city: v.pipe(v.string(), v.minLength(1)), unit: v.optional(v.picklist(["c", "f"])) }),
  ),
  execute: ({ city, unit }) => {
    expectTypeOf(city).toEqualTypeOf<string>();
    expectTypeOf(unit).toEqualTypeOf<"c" | "f" | undefined>();
    return `${city} ${unit}`;
  },
});
const byArkType = defineTool({
  ...about,
  parameters: type({ city: "string>0", "unit?": "'c'|'f'" }),
  execute: ({ city, unit }) => {
    expectTypeOf(city).toEqualTypeOf<string>();
    expectTypeOf(unit).toEqualTypeOf<"c" | "f" | undefined>();
    return `${city} ${unit}`;
  },
});

/** A schema of a library of its own, which says what it takes. */
function schema<Output>(
  validate: (value: unknown) => StandardSchemaV1.Result<Output> | Promise<StandardSchemaV1.Result<Output>>,
): StandardSchemaV1<unknown, Output> {
  const jsonSchema = { input: () => ({ type: "object" }), output: () => ({ type: "object" }) };
  const standard = { version: 1, vendor: "own", validate, jsonSchema } as const;
  return { "~standard": standard };
}

const clock = new VirtualClock();
async function run(tool: Tool, args: unknown, signal = new AbortController().signal): Promise<ToolOutcome> {
  const call: ToolCall = { id: "c1", name: tool.name, arguments: args };
  const outcome = runTool(
    call,
    {
      host: { clock, logger: silentLogger, hasHooks: () => false } as unknown as ChannelHost,
      ...{ channelId: "ai", roomId: "room", tools: new ToolSet([tool]) },
      toolLimits: { timeoutMs: 1_000, resultMaxLength: 1_000 },
    },
    signal,
  );
  await clock.advance(1_000);
  expect(clock.pendingTimers).toBe(0);
  return outcome;
}

describe.each([
  ["Zod", byZod],
  ["Valibot", byValibot],
  ["ArkType", byArkType],
])("a tool by %s", (_library, tool) => {
  it("shows the model a JSON Schema, without its dialect", () => {
    expect(new ToolSet([tool]).definitions).toEqual([
      {
        ...about,
        parameters: {
          type: "object",
          properties: {
            city: { type: "string", minLength: 1 },
            unit: expect.objectContaining({ enum: ["c", "f"] }),
          },
          required: ["city"],
        },
      },
    ]);
  });

  it("runs with arguments that fit", async () => {
    expect(await run(tool, { city: "Rome", unit: "c" })).toEqual({ result: "Rome c", isError: false });
  });

  it.each([
    [{ city: "Rome", unit: "kelvin" }, "unit"],
    [{ city: "" }, "city"],
    [{}, "city"],
    ["Rome", ""],
    [null, ""],
    [undefined, "not JSON"],
  ])("tells the model what is wrong with %j", async (args, where) => {
    const outcome = await run(tool, args);
    expect(outcome).toMatchObject({ isError: true, result: expect.stringContaining(where) });
    expect(outcome.result).toMatch(/^The call was not made \(invalid_arguments\): \S/);
    expect(outcome.result).not.toContain("~standard");
  });
});

describe("a Standard Schema", () => {
  it("gives execute what it makes of the arguments", async () => {
    const given: unknown[] = [];
    const tool = defineTool({
      ...about,
      parameters: z.object({ day: z.iso.date().transform((day) => new Date(day)), count: z.int().default(2) }),
      execute: ({ day, count }) => {
        expectTypeOf(day).toEqualTypeOf<Date>();
        given.push(day.getUTCFullYear(), count);
      },
    });
    expect(tool.parameters).toMatchObject({ properties: { day: { type: "string" } }, required: ["day"] });
    await run(tool, { day: "2026-11-29" });
    expect(given).toEqual([2026, 2]);
  });

  it("may take its time", async () => {
    const parameters = z.object({ city: z.string().refine(async (city) => city !== "Atlantis", "there is none") });
    const tool = defineTool({ ...about, parameters, execute: ({ city }) => city });
    expect(await run(tool, { city: "Rome" })).toEqual({ result: "Rome", isError: false });
    expect((await run(tool, { city: "Atlantis" })).result).toBe(
      "The call was not made (invalid_arguments): city: there is none",
    );
  });

  it("asks an asynchronous refinement once", async () => {
    const asked: string[] = [];
    const city = z.string().refine(async (name) => asked.push(name) > 0, "there is none");
    await run(defineTool({ ...about, parameters: z.object({ city }), execute: ({ city }) => city }), { city: "Rome" });
    expect(asked).toEqual(["Rome"]);
  });

  it("with an asynchronous refinement that fails leaves no rejection that nobody handles", async () => {
    const city = z.string().refine(() => Promise.reject(new Error("secret")));
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    try {
      const tool = defineTool({ ...about, parameters: z.object({ city }), execute: () => "ran" });
      expect(await run(tool, { city: "Rome" })).toEqual({ result: "The tool failed.", isError: true });
      // Node tells of a rejection when the microtasks of a turn are done.
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.removeListener("unhandledRejection", unhandled);
    }
  });

  const never = (): unknown => {
    throw new Error("must not run");
  };

  it("may not take longer than its tool", async () => {
    const tool = defineTool({
      ...about,
      timeoutMs: 50,
      parameters: schema(() => new Promise<never>(() => {})),
      execute: never,
    });
    expect((await run(tool, {})).result).toMatch(/could not be checked in time/);
  });

  it("is waited for no longer when the call is called off", async () => {
    const tool = defineTool({ ...about, parameters: schema(() => new Promise<never>(() => {})), execute: never });
    const stop = new AbortController();
    clock.setTimeout(() => stop.abort(), 10);
    expect(await run(tool, {}, stop.signal)).toBe(NOT_BEGUN);
  });

  it.each([
    [
      "throws",
      schema(() => {
        throw new Error("secret");
      }),
    ],
    ["rejects", schema(() => Promise.reject(new Error("secret")))],
  ])("that %s fails its call, and the model hears nothing of why", async (_how, parameters) => {
    expect(await run(defineTool({ ...about, parameters, execute: never }), {})).toEqual({
      result: "The tool failed.",
      isError: true,
    });
  });

  it("with many long faults tells a few of them, shortened", async () => {
    const issues = Array.from({ length: 50 }, () => ({ message: "x".repeat(5_000) }));
    const { result } = await run(defineTool({ ...about, parameters: schema(() => ({ issues })), execute: never }), {});
    expect(result.length).toBeLessThan(1_000);
  });

  it.each([
    [
      "check",
      v.pipe(
        v.string(),
        v.check((city) => city !== "Atlantis", "there is none"),
      ),
    ],
    ["trim", v.pipe(v.string(), v.trim(), v.notValue("Atlantis", "there is none"))],
  ])("of Valibot may %s what JSON Schema cannot say: the model is not shown it", async (_action, city) => {
    const parameters = toStandardJsonSchema(v.object({ city: v.pipe(city, v.maxLength(20)) }));
    const tool = defineTool({ ...about, parameters, execute: ({ city }) => city });
    expect(tool.parameters).toMatchObject({
      properties: { city: { type: "string", maxLength: 20 } },
      required: ["city"],
    });
    expect((await run(tool, { city: "Rome" })).result).toBe("Rome");
    expect((await run(tool, { city: "Atlantis" })).result).toMatch(/city: there is none/);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "of Valibot of what JSON cannot say",
      () => defineTool({ ...about, parameters: toStandardJsonSchema(v.object({ day: v.date() })), execute: never }),
      /date.*cannot be converted.*a date as a string/,
    ],
    [
      "that does not tell its JSON Schema",
      () => defineTool({ ...about, parameters: v.object({}), execute: never }),
      /weather.*valibot.*toStandardJsonSchema/,
    ],
    [
      "of an older version",
      () => {
        const { jsonSchema: _none, ...standard } = z.object({})["~standard"];
        return defineTool({ ...about, parameters: { "~standard": standard }, execute: never });
      },
      /zod 4\.2 or newer, and not Zod Mini/,
    ],
    [
      "of what JSON cannot say",
      () => defineTool({ ...about, parameters: z.object({ day: z.date() }), execute: never }),
      /Date cannot be represented.*a date as a string/,
    ],
  ])("%s is refused, with what to do", (_what, make, why) => {
    expect(make).toThrowError(
      expect.objectContaining({ code: "schema_not_convertible", message: expect.stringMatching(why) }) as RoomKitError,
    );
  });

  it("that takes no object is refused", () => {
    const make = (): unknown => defineTool({ ...about, parameters: z.string(), execute: never });
    expect(make).toThrowError(expect.objectContaining({ code: "invalid_option" }));
  });

  it("that was not given to defineTool is refused", () => {
    const tool = { ...about, parameters: z.object({}), execute: never } as unknown as Tool;
    expect(() => new ToolSet([tool])).toThrowError(/defineTool/);
  });
});
