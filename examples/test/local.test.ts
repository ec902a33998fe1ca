import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dtmfTones } from "@roomkit/dtmf";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SdkClient } from "../../apps/demo-server/test/sdk-client.fixture.ts";
import { readSound, until as untilWithin } from "../../apps/demo-server/test/speech.fixture.ts";
import { type Program, run } from "./program.fixture.ts";
import { pitchOf, spokenAll } from "./voices.fixture.ts";

const until: typeof untilWithin = (what, look) => untilWithin(what, look, 60_000);
/** Of a call and of those it waits behind. */
const TIMEOUT_MS = 300_000;

/** A line of a recording's transcript. */
interface Said {
  readonly text: string;
  readonly heard?: { readonly unheard: string };
}

const texts = {
  capital: "What is the capital of France?",
  agreed: "Yes, I agree.",
} as const;
let sounds: Record<keyof typeof texts, Int16Array>;
let folder: string;
beforeAll(async () => {
  sounds = await spokenAll(texts);
  folder = mkdtempSync(join(tmpdir(), "roomkit-examples-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A call by the browser SDK; `line` waits for what is said or heard. */
async function call({ url }: Program) {
  const caller = await SdkClient.call(url);
  const line = (what: RegExp): Promise<string> =>
    until(`${what}`, () => caller.lines.find((each) => what.test(each))).catch((error: Error) => {
      throw new Error(`${error.message}, not in ${caller.lines.join(" | ")}`);
    });
  /** What came out of the speaker since then, once it is quiet. */
  const sound = async (since = 0): Promise<Int16Array> => {
    await until("sound", () => caller.speaker.heard.length > since + 12_000 && caller.speaker.quiet);
    return caller.speaker.heard.subarray(since);
  };
  return { ...{ caller, line, sound }, type: (text: string) => caller.client.sendText(text) };
}
const loud = (samples: Int16Array): boolean => samples.some((sample) => Math.abs(sample) > 3_000);

it.concurrent("hello-world: a question is heard and answered aloud", { timeout: TIMEOUT_MS }, async () => {
  await run("hello-world.ts", async (program) => {
    const { caller, line, sound } = await call(program);
    await line(/^assistant: Hello! Ask me/);
    caller.say(sounds.capital);
    await line(/^user: .*capital of France/i);
    await line(/^assistant: .*Paris/);
    expect(loud(await sound())).toBe(true);
    await caller.hangUp();
  });
});

it.concurrent("tools: a Zod schema and a JSON schema guard what runs", { timeout: TIMEOUT_MS }, async () => {
  await run("tools.ts", async (program) => {
    const { caller, line, type } = await call(program);
    type("Order three pumps");
    await line(/^assistant: .*will be sent tomorrow/i);
    type("When are you open on Sunday?");
    await line(/^assistant: .*closed on Sunday/i);
    type("Order three bells");
    await program.prints(/order_items .*bell.*: refused.*sold in pairs/);
    expect(program.output()).toContain('order_items {"item":"pump","pieces":3}: 3 of item pump');
    expect(program.output()).toContain('opening_hours {"day":"Sunday"}: closed on Sunday');
    await caller.hangUp();
  });
});

it.concurrent("recording: both sides are in the file, and who said what beside it", {
  timeout: TIMEOUT_MS,
}, async () => {
  const storage = join(folder, "recorded");
  await run(
    "recording.ts",
    async (program) => {
      const { caller, line, sound } = await call(program);
      await line(/recorded/);
      caller.say(sounds.capital);
      await line(/Paris/);
      await sound();
      await until("the end of the answer", () => caller.client.state === "listening");
      await caller.hangUp();
      await program.prints(/\.wav: [\d.]+ s/);
      expect(program.output()).not.toMatch(/\.json|not whole/);
    },
    { env: { RECORDINGS: storage } },
  );
  const [wav] = readdirSync(storage).filter((name) => name.endsWith(".wav"));
  const { samples } = readSound(join(storage, wav as string));
  const bytes = readFileSync(join(storage, wav as string)).subarray(44);
  const right = Int16Array.from({ length: samples.length }, (_, i) => bytes.readInt16LE(i * 4 + 2));
  expect([loud(samples), loud(right)]).toEqual([true, true]);
  const [json] = readdirSync(storage).filter((name) => name.endsWith(".json"));
  expect(readFileSync(join(storage, json as string), "utf8")).toMatch(/capital of France.*Paris/is);
});

it.concurrent("consent: who agrees is recorded, and a card number is nowhere", { timeout: TIMEOUT_MS }, async () => {
  const storage = join(folder, "agreed");
  await run(
    "consent.ts",
    async (program) => {
      const { caller, line, type } = await call(program);
      await line(/May I record/);
      caller.say(sounds.agreed);
      await line(/assistant: Thank you, it is being recorded/);
      type("Repeat after me: my card number is 4111 1111 1111 1111");
      await line(/^user: .*\[card number\]/);
      await program.prints(/^user: .*\[card number\]/m);
      await until("the answer", () => caller.lines.filter((each) => each.startsWith("assistant")).length > 2);
      await until("the end of it", () => caller.client.state === "listening");
      await caller.hangUp();
      expect(caller.lines.join()).not.toMatch(/4111|1111/);
      expect(caller.lines.filter((each) => /^user: yes/i.test(each))).toEqual([]);
    },
    { env: { RECORDINGS: storage } },
  );
  const [json] = readdirSync(storage).filter((name) => name.endsWith(".json"));
  const sidecar = readFileSync(join(storage, json as string), "utf8");
  expect(sidecar).toContain("[card number]");
  // Of its words: times and ids of a recording have such digits, too.
  const words = JSON.parse(sidecar).transcript.map(({ text, heard }: Said) => [text, heard?.unheard]);
  expect(words.join()).not.toMatch(/4111|1111/);
});

it.concurrent("consent: of who does not, there is no file", { timeout: TIMEOUT_MS }, async () => {
  const storage = join(folder, "refused");
  await run(
    "consent.ts",
    async (program) => {
      const { caller, line, type } = await call(program);
      await line(/May I record/);
      type("No, I would rather not.");
      await line(/assistant: All right, nothing is recorded/);
      await caller.hangUp();
      await program.prints(/is not recorded/);
    },
    { env: { RECORDINGS: storage } },
  );
  expect(() => readdirSync(storage)).toThrow(/ENOENT/);
});

it.concurrent("handoff: the second assistant speaks with a voice of its own, and hands the caller back", {
  timeout: TIMEOUT_MS,
}, async () => {
  await run("handoff.ts", async (program) => {
    const { caller, line, sound, type } = await call(program);
    await line(/Front desk, hello/);
    const first = (await sound()).length;
    type("I have a question about my bill");
    await program.prints("-> billing");
    const before = caller.speaker.heard.length;
    type("What is the capital of France?");
    await line(/Paris/);
    await program.prints(/^billing: .*Paris/m);
    await until("quiet", () => caller.client.state === "listening" && caller.speaker.quiet);
    const [high, low] = [caller.speaker.heard.subarray(0, first), caller.speaker.heard.subarray(before)];
    expect(pitchOf(high, 24_000)).toBeGreaterThan(1.25 * pitchOf(low, 24_000));
    type("Take me back to the front desk");
    await program.prints("-> desk");
    await caller.hangUp();
  });
});

it.concurrent("operator: reads along, takes over, is spoken in another voice, and gives the call back", {
  timeout: TIMEOUT_MS,
}, async () => {
  const authorization = "Bearer secret";
  await run(
    "operator.ts",
    async (program) => {
      const { caller, line, sound, type } = await call(program);
      const ask = async (path: string, init: RequestInit = {}): Promise<unknown> =>
        (await fetch(`${program.url}/calls${path}`, { ...init, headers: { authorization } })).json();
      expect((await fetch(`${program.url}/calls`)).status).toBe(401);
      await line(/Hello! What can I do/);
      const greeting = (await sound()).length;
      const [room] = (await ask("")) as string[];
      type("What is the capital of France?");
      await line(/Paris/);
      expect(await ask(`/${room}/take`, { method: "POST" })).toBe("taken");
      const before = caller.speaker.heard.length;
      type("What is the capital of Spain?");
      await until("the caller's words", async () => String(await ask(`/${room}`)).includes("Spain"));
      const words = "This is Ann. I am a person, and I have taken over.";
      expect(await ask(`/${room}/say`, { method: "POST", body: " " })).toEqual({ error: "invalid_option" });
      expect(await ask(`/${room}/say`, { method: "POST", body: words })).toBe(words);
      await line(/This is Ann/);
      expect(caller.lines.join()).not.toMatch(/Madrid/);
      const [high, low] = [caller.speaker.heard.subarray(0, greeting), caller.speaker.heard.subarray(before)];
      expect(pitchOf(high, 24_000)).toBeGreaterThan(1.25 * pitchOf(low, 24_000));
      expect(await ask(`/${room}/give-back`, { method: "POST" })).toBe("given back");
      type("And the capital of Italy?");
      await line(/Rome/);
      expect(await ask(`/${room}`)).toEqual(expect.arrayContaining([`voice (assistant): ${words}`]));
      await caller.hangUp();
      await until("the end of the call", async () => ((await ask("")) as string[]).length === 0);
    },
    { env: { OPERATOR_TOKEN: "secret" } },
  );
});

it.concurrent("supervisor: listens, is heard by the assistant alone, takes over by voice, and gives the call back", {
  timeout: TIMEOUT_MS,
}, async () => {
  await run(
    "supervisor.ts",
    async (program) => {
      const post = async (path: string, token = "secret"): Promise<number> =>
        (await fetch(program.url + path, { method: "POST", headers: { authorization: `Bearer ${token}` } })).status;
      const early = SdkClient.call(program.url, { path: "/desk", token: "secret" });
      await expect(early).rejects.toMatchObject({ code: "no_call", hint: expect.stringMatching(/no call to attend/) });
      const { caller, line, sound, type } = await call(program);
      await line(/Hello! What can I do/);
      await sound();
      expect([(await fetch(`${program.url}/desk/config`)).status, await post("/talk", "guessed")]).toEqual([401, 401]);
      const ann = await SdkClient.call(program.url, { path: "/desk", token: "secret" });
      type("What is the capital of France?");
      await line(/Paris/);
      await until("the assistant in the supervisor's ear", () => loud(ann.speaker.heard));
      await until("its words on the page", () => ann.lines.some((each) => /assistant: .*Paris/.test(each)));
      await until("the end of the answer", () => caller.client.state === "listening");
      ann.client.sendText("Say nothing of the weather.");

      expect(await post("/talk")).toBe(200);
      await program.prints("taken over by ann");
      let before = caller.speaker.heard.length;
      // Half a second of her room, so that her detector of speech knows it.
      await until("her line", () => caller.speaker.heard.length > before + 12_000);
      before = caller.speaker.heard.length;
      ann.say(sounds.agreed);
      await until("the supervisor in the caller's ear", () => loud(caller.speaker.heard.subarray(before)));
      await line(/^assistant: .*I agree/i);
      type("What is the capital of Spain?");
      await line(/^user: .*Spain/);
      const heard = ann.speaker.heard.length;
      caller.say(sounds.capital);
      await until("the caller in the supervisor's ear", () => loud(ann.speaker.heard.subarray(heard)));
      await until("their words", () => caller.finals.filter((each) => /^user: .*France/i.test(each)).length === 2);
      expect(await post("/listen")).toBe(200);
      await program.prints("given back: given_back");
      type("And the capital of Italy?");
      await line(/Rome/);
      expect(caller.lines.join()).not.toMatch(/Madrid|weather/);
      await caller.hangUp();
      await until("the end for the supervisor", () => ann.client.state === "ended" || ann.client.state === "idle");
    },
    { env: { SUPERVISOR_TOKEN: "secret" } },
  );
});

it.concurrent("phone-menu: a key in the middle of the menu leads to the department, a word too", {
  timeout: TIMEOUT_MS,
}, async () => {
  await run("phone-menu.ts", async (program) => {
    const { caller, line, type } = await call(program);
    await until("the menu", () => caller.client.state === "speaking");
    caller.client.sendDtmf("2");
    await line(/This is support/);
    expect(program.output()).toMatch(/pressed 2: support/);
    type("What is the capital of France?");
    await line(/Paris/);
    // As a telephone does that has no messages for it: by the tone.
    caller.say(dtmfTones("0", { sampleRate: 16_000 }).samples);
    await program.prints(/pressed 0: the menu/);
    await until("the menu again", () => caller.client.state === "speaking");
    type("Sales, please");
    await line(/This is sales/);
    await caller.hangUp();
  });
});
