import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import ts from "typescript";
import * as vitest from "vitest";
import * as channelAi from "../../packages/channel-ai/src/index.ts";
import * as core from "../../packages/core/src/index.ts";
import * as providerUtils from "../../packages/provider-utils/src/index.ts";
import * as testing from "../../packages/testing/src/index.ts";
import { allBlocks } from "./readmes.fixture.ts";

const { afterAll, beforeAll, describe, expect, it } = vitest;
const { aiConformance, tone, ttsConformance } = testing;
const PROVIDERS = "apps/docs/providers/your-own.md";
const FAKES = "apps/docs/testing/fakes.md";
const MODULES: Readonly<Record<string, object>> = {
  "@roomkit/channel-ai": channelAi,
  "@roomkit/core": core,
  "@roomkit/provider-utils": providerUtils,
  "@roomkit/testing": testing,
  vitest,
};

/** Runs the one program of a page that has this text, and gives what it exports. */
function run(page: string, text: string): Readonly<Record<string, unknown>> {
  const [block, ...others] = allBlocks.filter((each) => each.page === page && each.code.includes(text));
  if (!block || others.length > 0) throw new Error(`${page} must show one program with: ${text}`);
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 };
  const { outputText } = ts.transpileModule(block.code, { compilerOptions });
  const exported: Record<string, unknown> = {};
  const load = (module: string): object => {
    const found = MODULES[module];
    if (!found) throw new Error(`${page}: ${module} is not known here`);
    return found;
  };
  new Function("require", "exports", outputText)(load, exported);
  return exported;
}

const sample = <T>(name: string): T => run(PROVIDERS, `export function ${name}(`)[name] as T;

describe("the test of the page on fakes", () => {
  run(FAKES, "ScriptedAI(clock");
});

describe("the model of the page", () => {
  const parrot = sample<() => core.AIProvider>("parrot");
  const prompts = ["apples", "pears"].map((text) => ({ text, matches: (said: string) => said.includes(text) }));
  for (const { name, run } of aiConformance({ create: parrot, prompts: prompts as never })) it(name, run);
});

describe("the voice of the page", () => {
  const acmeTts = sample<(options: { apiKey: string; baseURL: string }) => core.TtsProvider>("acmeTts");
  const apiKey = "acme-test-key-0123456789";
  let server: Server;
  let baseURL = "";
  let open = 0;
  beforeAll(async () => {
    // Hums 20 ms for each character.
    server = createServer(async (request, response) => {
      open++;
      response.once("close", () => open--);
      const chunks: Buffer[] = [];
      for await (const chunk of request.on("error", () => {})) chunks.push(chunk);
      if (request.headers.authorization !== `Bearer ${apiKey}`) response.writeHead(401).end();
      else response.end(Buffer.from(tone(16_000, Buffer.concat(chunks).toString().length * 20, 200, 8_000).buffer));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const create = (): core.TtsProvider => acmeTts({ apiKey, baseURL });
  for (const { name, run } of ttsConformance({ create, open: () => open })) it(name, run);

  it("fails with the vendor's error", async () => {
    const text = (async function* () {
      yield "Hello.";
    })();
    const speech = acmeTts({ apiKey: "acme-wrong-key-0123456789", baseURL }).synthesize(text, {
      signal: new AbortController().signal,
    });
    const heard = async (): Promise<void> => {
      for await (const part of speech) expect(part.type).toBe("segment");
    };
    await expect(heard()).rejects.toMatchObject({ code: "provider_auth", status: 401 });
  });
});
