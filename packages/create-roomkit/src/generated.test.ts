import { join } from "node:path";
import { chromium as playwright } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../../scripts/lib/chromium.mjs";
import { Caller, spoken } from "./caller.fixture.ts";
import { type Project, type Server, Workshop } from "./workshop.fixture.ts";

// Projects as a user gets them: made by the packed package, installed from a registry, checked, started and called.
// `npm run create:matrix` does that with all of them, and by each package manager.

const matrix = process.env.CREATE_MATRIX !== undefined;
/** Without one on the machine nobody looks at the pages. */
const chromium = findChromium();

const places = ["node", "hono", "express", "fastify", "next"];
/** By what the flags say of vendors: the keys that are wanted. */
const vendors: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  voice: {
    "--model anthropic --stt deepgram --tts elevenlabs": "ANTHROPIC_API_KEY DEEPGRAM_API_KEY ELEVENLABS_API_KEY",
    "--model openai --stt deepgram --tts elevenlabs": "OPENAI_API_KEY DEEPGRAM_API_KEY ELEVENLABS_API_KEY",
    "--model ai-sdk --stt deepgram --tts elevenlabs": "OPENAI_API_KEY DEEPGRAM_API_KEY ELEVENLABS_API_KEY",
  },
  realtime: { "--model openai": "OPENAI_API_KEY", "--model gemini": "GEMINI_API_KEY" },
};

interface Made extends Project {
  readonly where: string;
  readonly keys: readonly string[];
}

const made = (where: string, how: string, more = ""): Made => ({
  name: [where, how, ...more.split(/--\w+/).map((word) => word.trim())].filter((word) => word !== "").join("-"),
  flags: `--where ${where} --how ${how} ${more}`.trim(),
  where,
  keys: vendors[how]?.[more]?.split(" ") ?? [],
});
const hows = Object.keys(vendors);
const everything = places.flatMap((where) =>
  hows.flatMap((how) => ["", ...Object.keys(vendors[how] ?? {})].map((more) => made(where, how, more))),
);
/** Each place both ways, and each vendor: without its key a project runs like one that never heard of it. */
const some = places.flatMap((where, place) =>
  hows.map((how) => made(where, how, Object.keys(vendors[how] ?? {})[place - 1] ?? "")),
);
const projects = matrix ? everything : some;

let workshop: Workshop;
let question: Int16Array;
beforeAll(async () => {
  workshop = await Workshop.open();
  await workshop.make(projects);
  question = await spoken("What is the capital of France?");
}, 600_000);
afterAll(async () => await workshop?.close());

const bin = (project: string, name: string): string => join(workshop.folder, "all", project, "node_modules/.bin", name);

/** How a project is started: each way once, and else the soonest. */
async function start({ name, where }: Made, env: NodeJS.ProcessEnv = {}): Promise<Server> {
  const folder = `all/${name}`;
  if (name === "node-voice" || name === "next-voice") {
    await workshop.run(folder, "npm", "run", "build");
    return await workshop.start(folder, ["npm", "start"], env);
  }
  if (name === "node-realtime") return await workshop.start(folder, ["npm", "run", "dev"], env);
  const more = where === "next" ? ["--dev"] : [];
  return await workshop.start(folder, [bin(name, "tsx"), "src/server.ts", ...more], env);
}

/** The page, and what belongs to it. */
async function servesItsPage({ name, where }: Made, { url }: Server): Promise<void> {
  const get = async (path: string) => await fetch(url + path, { redirect: "manual" });
  const page = await get("/");
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  const text = await page.text();
  expect(text).toContain(`<h1>${name}</h1>`);
  expect(text).toContain("Start call");
  for (const [, path = ""] of text.matchAll(/<(?:script|link)[^>]* (?:src|href)="(\/[^"]+)"/g)) {
    const asset = await get(path);
    expect([path, asset.status]).toEqual([path, 200]);
  }
  if (where !== "next") expect((await (await get("/main.js")).text()).length).toBeGreaterThan(20_000);
  expect((await get("/nowhere")).status).toBe(404);
  // The other page; 503 where it has not been built.
  expect([200, 503]).toContain((await get("/voice/ui/")).status);
}

/** Somebody speaks, is understood, and hears the answer. */
async function answers({ url }: Server): Promise<void> {
  const caller = new Caller(url);
  try {
    const answered = (): boolean => caller.lines().some((line) => /^assistant: .*paris/i.test(line));
    await caller.speak(question, () => answered() && caller.heard > 8_000, 90_000);
    expect(caller.lines()).toContainEqual(expect.stringMatching(/^user: .*capital of france/i));
    expect(caller.loudest).toBeGreaterThan(1_000);
  } finally {
    await caller.hangUp();
  }
}

/** Somebody opens the page, starts a call and asks by typing. */
async function worksInABrowser({ url }: Server): Promise<void> {
  // Without a microphone: the page calls all the same, and says what is missing.
  const args = chromiumArguments.filter((each) => !each.includes("fake"));
  const browser = await playwright.launch({ executablePath: chromium as string, args });
  const page = await browser.newPage();
  const [wrong, said]: [string[], string[]] = [[], []];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (line) => said.push(line.text()));
  try {
    await page.goto(`${url}/?a=1#token=secret`);
    await page.waitForURL(`${url}/?a=1`);
    const log = page.getByRole("log");
    const greeting = log.getByText("What can I do for you?");
    // For 5 s after the recogniser was late for the caller before, as it is on a busy machine, newcomers are told so.
    const busy = page.getByText("The server is busy with other calls.");
    for (let attempt = 0; attempt < 5 && !(await greeting.isVisible()); attempt++) {
      await page.getByRole("button", { name: "Start call" }).click();
      await greeting.or(busy).first().waitFor({ timeout: 60_000 });
      if (await busy.isVisible()) await page.waitForTimeout(5_500);
    }
    await greeting.waitFor({ timeout: 60_000 });
    await page.getByLabel("Say by typing").fill("What is the capital of Norway?");
    await page.getByRole("button", { name: "Say", exact: true }).click();
    await log.getByText("Oslo").first().waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "End call" }).click();
    await page.getByRole("button", { name: "Start call" }).waitFor({ timeout: 60_000 });
    expect([wrong, page.url()]).toEqual([[], `${url}/?a=1`]);
  } catch (error) {
    throw new Error([error, ...wrong, ...said, await page.textContent("body").catch(String)].join("\n"), {
      cause: error,
    });
  } finally {
    await browser.close();
  }
}

/** A second one, where the first listens. */
async function saysThatItsPortIsTaken(project: Made, { url }: Server): Promise<void> {
  const { port } = new URL(url);
  const error = await start(project, { PORT: port }).catch(String);
  // Next.js in development finds by itself that the project runs already, before anybody listens.
  const nexts = project.where === "next" ? "|⨯ Another next dev server is already running" : "";
  expect(error).toMatch(new RegExp(`did not start \\(1\\): ([^]*\\n)?(port ${port} is in use: ${nexts})`));
  expect(error).not.toMatch(/EADDRINUSE|^ +at /m);
}

const timeout = 900_000;

describe.concurrent("a project", () => {
  it.each(projects)("$name has sound types", { timeout }, async ({ name, where }) => {
    const folder = `all/${name}`;
    await workshop.inTurn(() =>
      where === "next" ? workshop.run(folder, "npm", "run", "typecheck") : workshop.run(folder, bin(name, "tsc")),
    );
  });

  it.each(projects)("$name needs no key: it is called, and answers", { timeout }, async (project) => {
    await workshop.inTurn(async () => {
      const { name, keys } = project;
      const server = await start(project, Object.fromEntries(keys.map((key) => [key, ""])));
      try {
        for (const key of keys) expect(server.output).toContain(`${key} is not set`);
        await servesItsPage(project, server);
        await answers(server);
        if (chromium && /^(node|next)-voice$/.test(name)) await worksInABrowser(server);
        if (name.includes("-voice")) await saysThatItsPortIsTaken(project, server);
      } catch (error) {
        throw new Error(`${error}\n${server.output}`, { cause: error });
      } finally {
        expect([0, 143, "SIGTERM"]).toContain(await server.stop());
      }
    });
  });

  const withKeys = projects.filter(({ keys }) => keys.length > 0);
  it.each(withKeys)("$name takes its keys", { timeout }, async (project) => {
    await workshop.inTurn(async () => {
      const { keys } = project;
      const server = await start(project, Object.fromEntries(keys.map((key) => [key, "a-key"])));
      expect(server.output).not.toContain("is not set");
      await server.stop();
    });
  });
});

it("lets others in only with the token, where others can reach it", { timeout }, async () => {
  const project = made("hono", "realtime", "--model openai");
  await expect(start(project, { HOST: "0.0.0.0", OPENAI_API_KEY: "a-key" })).rejects.toThrow(
    /^The server did not start \(1\): set TOKEN: with a HOST others can reach this server\n$/,
  );
  const server = await start(project, { HOST: "0.0.0.0", TOKEN: "secret", OPENAI_API_KEY: "a-key" });
  try {
    const config = `${server.url}/voice/config`;
    expect((await fetch(config)).status).toBe(401);
    expect((await fetch(config, { headers: { authorization: "Bearer secret" } })).status).toBe(200);
  } finally {
    await server.stop();
  }
});
