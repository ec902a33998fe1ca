import { moonshineStt } from "@roomkit/provider-moonshine";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Demo, startDemo } from "./demo.fixture.ts";
import { resample, type Sound, spoken, until } from "./speech.fixture.ts";
import { WireClient } from "./wire-client.fixture.ts";

/** Twenty callers, each with words nobody else says; each asks to be told them again. */
const sentences = [
  "green apples and yellow pears",
  "the train leaves in the morning",
  "my brother plays the violin",
  "seven ships sailed across the ocean",
  "the kitchen window is broken",
  "winter brings snow to the mountains",
  "she painted the wooden door red",
  "a library full of old books",
  "the doctor wears a white coat",
  "music makes the children dance",
  "coffee tastes better with sugar",
  "the farmer feeds his hungry horses",
  "rivers flow down to the sea",
  "my teacher writes on the blackboard",
  "the rocket flew to the moon",
  "bread and butter for breakfast",
  "the little village sleeps at night",
  "the king lost his golden crown",
  "bicycles are cheaper than cars",
  "grandmother bakes a chocolate cake",
];

const TALKING = 5;

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo({ ROOMKIT_GREETING: "" });
}, 90_000);
afterAll(() => demo.stop());

it(`${sentences.length} calls side by side: no transcript, audio or event crosses`, { timeout: 500_000 }, async () => {
  const sounds: Sound[] = [];
  // In one breath: where a pause is cut is not asked here.
  for (const sentence of sentences) sounds.push(await spoken(`Please repeat after me ${sentence}.`));
  const clients = sentences.map((_, i) => new WireClient(demo.url, `caller-${i}`));
  // All are connected, and some of them talk at the same time: what this machine can recognise at once is not asked here.
  for (let first = 0; first < clients.length; first += TALKING) {
    const talking = clients.slice(first, first + TALKING);
    for (const [i, client] of talking.entries()) client.say(sounds[first + i] as Sound);
    const quiet = (): string => talking.flatMap((client, i) => (answered(client) ? [] : [first + i])).join(", ");
    await until("their answers", () => talking.every(answered), 100_000).catch((error: Error) => {
      throw new Error(`${error.message}; unanswered: ${quiet()}\n${demo.output()}`);
    });
  }
  // Until the last of them has been said to its end.
  await new Promise((resolve) => setTimeout(resolve, 8_000));
  const stt = moonshineStt();
  try {
    for (const [i, client] of clients.entries()) {
      expect(client.said("user"), `caller ${i}`).toHaveLength(1);
      const [words, answer] = [client.said("user").join(" "), client.said("assistant").join(" ")];
      expect(nearest(words), `the words of caller ${i}: ${words}`).toBe(i);
      // Of whom the order was not understood is told so: nobody's sentence, but never another's.
      const theirs = /repeats? after me/i.test(words) ? [i] : [i, -1];
      expect(theirs, `the answer to caller ${i}, who said ${words}: ${answer}`).toContain(nearest(answer));
      // By ear: what came out of that caller's speaker.
      const sound = await recognise(stt, client.heard);
      expect(theirs, `the sound for caller ${i}: ${sound}`).toContain(nearest(sound));
    }
  } finally {
    await stt.close?.();
    for (const client of clients) client.close();
  }
});

function answered(client: WireClient): boolean {
  return client.said("assistant").length > 0 && client.heard.samples.length > 0;
}

/** Whose sentence has most of its words in the text, -1 for nobody's; a recogniser may mishear some. */
function nearest(text: string): number {
  const heard = new Set(text.toLowerCase().split(/[^a-z]+/));
  const scores = sentences.map((sentence) => {
    const words = sentence.split(" ").filter((word) => word.length > 3);
    return words.filter((word) => heard.has(word)).length / words.length;
  });
  const most = Math.max(...scores);
  return most === 0 ? -1 : scores.indexOf(most);
}

async function recognise(stt: ReturnType<typeof moonshineStt>, sound: Sound): Promise<string> {
  async function* audio() {
    yield { samples: resample(sound, 16_000), sampleRate: 16_000, channels: 1 as const, timestamp: 0 };
  }
  let text = "";
  for await (const part of stt.transcribe(audio(), { signal: new AbortController().signal })) {
    if (part.type === "final") text += ` ${part.text}`;
  }
  return text;
}
