import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { RoomKitError } from "../../packages/core/src/errors/error.ts";
import { type Factory, factories, files } from "./factories.fixture.ts";

/** What comes of a factory that is given these options: undefined if it makes something, or what it threw. */
async function made(make: unknown, { at }: Factory, given: unknown): Promise<unknown> {
  const args = [...Array.from({ length: at }, () => ({})), given];
  const isClass = /^class\b/.test(Function.prototype.toString.call(make));
  try {
    const result = isClass
      ? Reflect.construct(make as new () => unknown, args)
      : await (make as (...all: unknown[]) => unknown)(...args);
    await (result as { close?: () => unknown } | undefined)?.close?.();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** What is wrong with how a factory takes `given` for its options: nothing, when that fails with a code and by its name. */
async function wrongWith(make: unknown, factory: Factory, given: unknown, named: string): Promise<string | undefined> {
  const error = await made(make, factory, given);
  if (error === undefined) return "it was taken";
  return RoomKitError.is(error, "invalid_option") && error.message.includes(named) ? undefined : String(error);
}

const requiredOf = ({ options }: Factory): Record<string, unknown> =>
  Object.fromEntries(options.flatMap(({ required, name, sample }) => (required ? [[name, sample]] : [])));

describe("options of the wrong kind", () => {
  it.each([...files])(
    "are refused by %s with a code that names them",
    { timeout: 120_000 },
    async (packageName, file) => {
      const module = (await import(file)) as Readonly<Record<string, unknown>>;
      const wrong: string[] = [];
      for (const factory of factories(packageName)) {
        const { name, options, optional } = factory;
        const tell = async (given: unknown, named: string, what: string): Promise<void> => {
          const told = await wrongWith(module[name], factory, given, named);
          if (told !== undefined) wrong.push(`${name}(${what}): ${told}`);
        };
        for (const given of [null, 5, "text", [], ...(optional ? [] : [undefined])])
          await tell(given, name, String(given));
        const sound = requiredOf(factory);
        const [needed] = Object.keys(sound);
        if (needed !== undefined) await tell({}, needed, "{}");
        for (const { name: key, wrong: values } of options)
          for (const { value, named } of values)
            await tell({ ...sound, [key]: value }, named, `${key}: ${inspect(value)}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  it("are looked for in every factory there is", { timeout: 60_000 }, () => {
    const names = [...files.keys()].flatMap((name) => factories(name).map((factory) => factory.name));
    expect(names).toEqual(
      expect.arrayContaining(["sherpaStt", "openaiRealtime", "VoiceChannel", "WebRTCTransport", "RoomKit"]),
    );
    expect(names.length).toBeGreaterThan(40);
  });
});

it.each([...files])(
  "%s takes an option that is explicitly undefined for one that was not given",
  async (packageName, file) => {
    const module = (await import(file)) as Readonly<Record<string, unknown>>;
    for (const factory of factories(packageName)) {
      const sound = requiredOf(factory);
      const without = await made(module[factory.name], factory, sound);
      const absent = Object.fromEntries(factory.options.map(({ name }) => [name, undefined]));
      const outcome = await made(module[factory.name], factory, { ...absent, ...sound });
      expect(`${factory.name}: ${outcome}`).toBe(`${factory.name}: ${without}`);
    }
  },
);
