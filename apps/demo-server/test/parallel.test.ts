import { moonshineStt } from "@roomkit/provider-moonshine";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Demo, startDemo } from "./demo.fixture.ts";
import { resample, type Sound, spoken, until } from "./speech.fixture.ts";
import { WireClient } from "./wire-client.fixture.ts";

const CALLS = 20;
/** Each caller asks what only they ask, and must be answered what only they may be answered. */
const questions = Array.from({ length: CALLS }, (_, i) => ({
  ask: `What is ${100 + i * 10} plus 5?`,
  answer: 105 + i * 10,
}));

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo({ ROOMKIT_GREETING: "" });
}, 90_000);
afterAll(() => demo.stop());

it(`${CALLS} calls side by side: no transcript, audio or event crosses`, { timeout: 240_000 }, async () => {
  const sounds: Sound[] = [];
  for (const { ask } of questions) sounds.push(await spoken(ask));
  const clients = questions.map((_, i) => new WireClient(demo.url, `caller-${i}`));
  for (const [i, client] of clients.entries()) client.say(sounds[i] as Sound);
  const quiet = (): string => clients.flatMap((client, i) => (answered(client) ? [] : [`${i}: ${JSON.stringify(client)}`])).join("\n");
  await until("all answers", () => clients.every(answered), 120_000).catch((error: Error) => {
    throw new Error(`${error.message}; unanswered:\n${quiet()}\n${demo.output()}`);
  });
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const stt = moonshineStt();
  try {
    for (const [i, client] of clients.entries()) {
      const { answer } = questions[i] as (typeof questions)[number];
      const question = client.said("user").join(" ");
      expect(numbers(question), question).toContain(answer - 5);
      expect(numbers(client.said("assistant").join(" "))).toContain(answer);
      // What came out of the speaker is that caller's answer, by ear.
      expect(numbers(await recognise(stt, client.heard)), `caller ${i}`).toContain(answer);
    }
  } finally {
    await stt.close?.();
    for (const client of clients) client.close();
  }
});

function answered(client: WireClient): boolean {
  return client.said("assistant").length > 0 && client.heard.samples.length > 0;
}

async function recognise(stt: ReturnType<typeof moonshineStt>, sound: Sound): Promise<string> {
  async function* audio() {
    yield { samples: resample(sound, 16_000), sampleRate: 16_000, channels: 1 as const, timestamp: 0 };
  }
  let text = "";
  for await (const part of stt.transcribe(audio(), { signal: new AbortController().signal }))
    if (part.type === "final") text += ` ${part.text}`;
  return text;
}

const UNITS =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

/** Every number in a text, whether in digits or words. */
function numbers(text: string): number[] {
  const found: number[] = [...text.matchAll(/\d[\d,]*/g)].map(([digits]) => Number(digits.replaceAll(",", "")));
  let current: number | undefined;
  for (const word of `${text.toLowerCase().replaceAll("-", " ")} .`.split(/[^a-z.]+/)) {
    const unit = UNITS.indexOf(word);
    const ten = TENS.indexOf(word);
    if (unit >= 0) current = (current ?? 0) + unit;
    else if (ten >= 0) current = (current ?? 0) + (ten + 2) * 10;
    else if (word === "hundred") current = (current ?? 1) * 100;
    else if (word !== "and" && word !== "") {
      if (current !== undefined) found.push(current);
      current = undefined;
    }
  }
  return found;
}
