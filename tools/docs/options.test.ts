import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { RoomKitError } from "../../packages/core/src/errors/error.ts";
import { type Factory, factories, files } from "./factories.fixture.ts";

/** What is wrong with how a factory takes `given` for its options: nothing, when that fails with a code and by its name. */
async function wrongWith(make: unknown, { at }: Factory, given: unknown, named: string): Promise<string | undefined> {
  const args = [...Array.from({ length: at }, () => ({})), given];
  const isClass = /^class\b/.test(Function.prototype.toString.call(make));
  try {
    if (isClass) Reflect.construct(make as new () => unknown, args);
    else await (make as (...all: unknown[]) => unknown)(...args);
  } catch (error) {
    if (RoomKitError.is(error, "invalid_option") && error.message.includes(named)) return undefined;
    return String(error);
  }
  return "it was taken";
}

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
        const needed = options.filter(({ required }) => required);
        if (needed[0]) await tell({}, needed[0].name, "{}");
        const sound = Object.fromEntries(needed.map(({ name: key, sample }) => [key, sample]));
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
