import { format, inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../packages/core/src/log/logger.ts";
import { type Factory, factories, files } from "./factories.fixture.ts";

const [KEY, HEADER, PASSWORD, TOKEN] = ["key", "header", "password", "token"].map(
  (name) => `never-shown-${name}-0123456789abcdef`,
) as [string, string, string, string];
/** Nothing listens there. */
const NOWHERE = "127.0.0.1:1";

/** What applications give that nobody else may see, by the name of the option. */
const SECRETS: Readonly<Record<string, unknown>> = {
  apiKey: KEY,
  authToken: TOKEN,
  headers: { authorization: `Bearer ${HEADER}` },
};
/** Factories whose secret stands in another option, or that need more than a key. */
const MORE: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  openRedisBus: { url: `redis://user:${PASSWORD}@${NOWHERE}`, connectTimeoutMs: 500 },
  openPostgresStore: { url: `postgres://user:${PASSWORD}@${NOWHERE}/none`, connectTimeoutMs: 500 },
  McpTools: { server: { url: `http://user:${PASSWORD}@${NOWHERE}/`, headers: SECRETS.headers }, connectTimeoutMs: 500 },
};

/** As it would stand in a log, a dump of a configuration, a span or an error report. */
function shown(value: unknown): string {
  const deep = inspect(value, { depth: 20, showHidden: true, getters: true });
  let json = "";
  try {
    json = JSON.stringify(value) ?? "";
  } catch {
    // It goes round in itself: then it stands in nobody's JSON.
  }
  const { stack = "", cause } = (value instanceof Error ? value : {}) as Error;
  return [deep, json, String(value), format("%s %o %j", value, value, json), stack, cause ? shown(cause) : ""].join(
    "\n",
  );
}

/** What is made of options, or the error; with both closed again. */
async function made(make: unknown, at: number, given: unknown): Promise<unknown> {
  const args = [...Array.from({ length: at }, () => ({})), given];
  try {
    if (/^class\b/.test(Function.prototype.toString.call(make)))
      return Reflect.construct(make as new () => unknown, args);
    return await (make as (...all: unknown[]) => unknown)(...args);
  } catch (error) {
    return error;
  }
}

/** The errors of whatever a provider does, where there is nobody. */
async function failures(name: string, provider: unknown): Promise<unknown[]> {
  const { signal } = new AbortController();
  const context = { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) };
  const audio = async function* () {
    yield { samples: new Int16Array(16_000).fill(2_000), sampleRate: 16_000, channels: 1 as const, timestamp: 0 };
  };
  const text = async function* () {
    yield "Hello.";
  };
  const tries: Readonly<Record<string, (method: (...args: unknown[]) => unknown) => unknown>> = {
    generate: (method) => method({ messages: [{ role: "user", content: "Hi" }] }, context),
    transcribe: (method) => method(audio(), { ...context, format: { sampleRate: 16_000, channels: 1 } }),
    synthesize: (method) => method(text(), context),
    connect: (method) => method(name === "McpTools" ? context.signal : context),
    tools: (method) => method(context),
    warmUp: (method) => method(context),
  };
  const errors: unknown[] = [];
  for (const [called, attempt] of Object.entries(tries)) {
    const method = (provider as Record<string, unknown> | undefined)?.[called];
    if (typeof method !== "function") continue;
    try {
      const answer = await attempt(method.bind(provider) as (...args: unknown[]) => unknown);
      if (answer !== null && typeof answer === "object" && Symbol.asyncIterator in answer)
        for await (const part of answer as AsyncIterable<unknown>) if (shown(part).includes("rror")) errors.push(part);
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}

const secretsOf = ({ name, options }: Factory): Record<string, unknown> | undefined => {
  const own = options.filter((option) => option.name in SECRETS).map((option) => [option.name, SECRETS[option.name]]);
  return own.length > 0 || name in MORE ? { ...Object.fromEntries(own), ...MORE[name] } : undefined;
};
const all = [...files].flatMap(([packageName, file]) =>
  factories(packageName).flatMap((factory) => {
    const secrets = secretsOf(factory);
    return secrets ? [{ file, factory, secrets, title: `${packageName}, ${factory.name}` }] : [];
  }),
);

/** An address that holds a password, and one of those that is none. */
const ADDRESSES = [`user:${PASSWORD}@${NOWHERE}`, `user:${PASSWORD}@127.0.0.1:port`];
const withAddress = (given: Record<string, unknown>, address: string): Record<string, unknown> => {
  const scheme = (url: unknown): string => String(url).split("//", 1)[0] ?? "";
  const { url, baseURL, server } = given as { url?: string; baseURL?: string; server?: { url?: string } };
  return {
    ...given,
    ...(url && { url: `${scheme(url)}//${address}` }),
    ...(baseURL && { baseURL: `${scheme(baseURL)}//${address}` }),
    ...(server?.url && { server: { ...server, url: `${scheme(server.url)}//${address}` } }),
  };
};

/** What stands around a secret that is shown; nothing, where none is. */
const leak = (value: unknown): string =>
  /.{0,90}(never-shown-\w+-0123|bmV2ZXItc2hvd24).{0,30}/.exec(shown(value))?.[0] ?? "";

describe("row 66: keys, tokens and passwords stand in no inspection, JSON, message or error", () => {
  it.each(all)("$title", { timeout: 60_000 }, async ({ file, factory, secrets }) => {
    const module = (await import(file)) as Readonly<Record<string, unknown>>;
    const { name, at, options } = factory;
    const required = options.flatMap((option) => (option.required ? [[option.name, option.sample]] : []));
    const has = (option: string): boolean => options.some((each) => each.name === option);
    const given = {
      ...Object.fromEntries(required),
      ...(has("baseURL") && { baseURL: `http://${NOWHERE}` }),
      ...(has("retry") && { retry: { retries: 0 } }),
      ...(has("logger") && { logger: silentLogger }),
      ...secrets,
    };
    let failed = 0;
    for (const each of [given, ...ADDRESSES.map((address) => withAddress(given, address))]) {
      const instance = await made(module[name], at, each);
      expect(leak(instance)).toBe("");
      for (const error of await failures(name, instance)) {
        expect(leak(error)).toBe("");
        failed++;
      }
      await (instance as { close?: () => unknown } | undefined)?.close?.();
    }
    if ("baseURL" in given) expect(failed).toBeGreaterThan(0);
    // What is wrong beside a secret is told without it.
    for (const option of options)
      expect(leak(await made(module[name], at, { ...given, [option.name]: Symbol("wrong") }))).toBe("");
  });

  it("is looked for wherever a key can be given", () => {
    expect(all.map(({ factory }) => factory.name)).toEqual(
      expect.arrayContaining([
        "anthropicAI",
        "deepgramFlux",
        "elevenlabsTts",
        "geminiLive",
        "openaiRealtime",
        "McpTools",
      ]),
    );
    expect(all.length).toBeGreaterThanOrEqual(16);
  });

  it.each([
    { options: { apiKey: KEY } },
    new (class Provider {
      private readonly key = KEY;
      ask = () => this.key;
    })(),
    new Error(`401 for ${KEY}`),
    new Error("failed", { cause: Object.assign(new Error("refused"), { input: `redis://user:${PASSWORD}@host` }) }),
    {
      get dump() {
        return [TOKEN];
      },
    },
  ])("is found where it is not kept: %o", (shows) => {
    expect(leak(shows)).not.toBe("");
  });
});
