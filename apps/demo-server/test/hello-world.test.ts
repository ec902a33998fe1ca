import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { moonshineStt, RoomKit, voice } from "roomkit";
import { afterAll, expect, it } from "vitest";
import { concat, resample, spoken, until } from "./speech.fixture.ts";
import { RATE, V1Client } from "./v1-client.fixture.ts";

/** The processes that local models run in: they do not keep this one alive, and yet are to be gone. */
const children = new Set<ChildProcess>();
const onChild = (message: unknown): void => {
  const { process: child } = message as { readonly process: ChildProcess };
  children.add(child);
  child.once("exit", () => children.delete(child));
};
subscribe("child_process", onChild);
afterAll(() => void unsubscribe("child_process", onChild));

/** What is open in this process. */
const held = (): string[] => [
  ...process
    .getActiveResourcesInfo()
    .filter((each) => /TCP|Worker/.test(each))
    .sort(),
  ...Array.from(children, () => "child"),
];

/** What a recogniser hears in it. */
async function wordsIn(samples: Int16Array): Promise<string> {
  const stt = moonshineStt({ partialEveryMs: 0 });
  async function* once() {
    yield { samples, sampleRate: RATE, channels: 1, timestamp: 0 } as const;
  }
  let words = "";
  try {
    for await (const part of stt.transcribe(once(), { signal: new AbortController().signal }))
      if (part.type === "final") words += part.text;
  } finally {
    await stt.close?.();
  }
  return words;
}

it("a caller of the one install speaks, is understood, is answered aloud, and nothing is left", {
  timeout: 180_000,
}, async () => {
  const question = resample(await spoken("What is the capital of France?"), RATE);
  const before = held();
  const kit = new RoomKit();
  const line = await voice(kit, { port: 0, greeting: "Hello there." });
  const client = new V1Client(new URL(line.url).origin);
  try {
    await until("the greeting", () => client.transcripts("assistant").some((text) => /hello/i.test(text)));
    await until("its sound", () => client.heard.size === 1);
    expect(children.size).toBeGreaterThan(1);
    client.say(question);
    await until("the words", () => client.transcripts("user").some((text) => /capital of france/i.test(text)), 60_000);
    await until("the answer", () => client.transcripts("assistant").some((text) => /paris/i.test(text)), 60_000);
    const answer = (): Int16Array => concat([...client.heard.values()].slice(1).flat());
    await until("its sound", async () => answer().length > RATE && /paris/i.test(await wordsIn(answer())), 60_000);
    await line.close();
    await until("the end of the call", () => client.closed);
  } finally {
    client.close();
    await line.close();
    await kit.close();
  }
  await until("all let go", () => held().join() === before.join());
});
