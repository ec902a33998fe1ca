import type { AudioFrame } from "@roomkit/core";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { wordErrorRate } from "@roomkit/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Speaker } from "../../provider-moonshine/src/flite.fixture.ts";
import { PHRASES } from "../../provider-moonshine/src/phrases.fixture.ts";
import { join, until } from "../src/testing.fixture.ts";
import { Caller } from "./caller.fixture.ts";
import { startEcho } from "./echo-server.fixture.ts";
import { LossyRelay } from "./lossy-relay.fixture.ts";
import { toOpus } from "./speech.fixture.ts";

const RATE = 16_000;
const SAID = [1, 2, 4, 7, 9, 14].map((i) => PHRASES[i] as string);

const stt = moonshineStt({ workers: 1, partialEveryMs: 0 });
const speaker = new Speaker();
beforeAll(() => stt.warmUp?.(), 60_000);
afterAll(async () => {
  await speaker.close();
  await stt.close?.();
});

/** Says each phrase in a call of its own, all at the same time; what the server's application heard. */
async function say(phrase: string, loss: number, seed: number): Promise<AudioFrame[]> {
  const relay = new LossyRelay({ loss, delayMs: 20, seed });
  const frames: AudioFrame[] = [];
  const server = await startEcho({ sampleRate: RATE, echo: false, onFrame: (frame) => frames.push(frame) });
  const caller = new Caller({ url: server.url, bindAddress: "127.0.0.1", hideCandidates: true, reroute: relay.to });
  try {
    const speech = join([new Int16Array(RATE / 5), await speaker.say(phrase), new Int16Array(RATE / 2)]);
    const packets = await toOpus(speech, RATE);
    await caller.connect();
    relay.begin();
    await caller.speak(packets);
    await until(() => (server.calls[0]?.heardMs ?? 0) >= packets.length * 20 - 100, "the end of the phrase");
    const audio = server.transport.statsOf(server.calls[0]?.connection.id ?? "")?.audio;
    if (loss > 0) expect(audio?.concealedMs).toBeGreaterThan(0);
    return [...frames];
  } finally {
    caller.close();
    await server.stop();
    relay.close();
  }
}

async function recognise(frames: readonly AudioFrame[]): Promise<string> {
  async function* stream(): AsyncGenerator<AudioFrame> {
    yield* frames;
  }
  const finals: string[] = [];
  for await (const part of stt.transcribe(stream(), { signal: AbortSignal.timeout(30_000) }))
    if (part.type === "final") finals.push(part.text);
  return finals.join(" ");
}

// Measured with the same phrases: see "Networks" in the README.
it.each(process.env.ROOMKIT_FIGURES ? [0, 0.05, 0.2] : [0.05])(
  "speech is recognised after %d of its packets were lost",
  async (loss) => {
    const heard = await Promise.all(SAID.map((phrase, i) => say(phrase, loss, i + 1)));
    const pairs: [string, string][] = [];
    for (const [i, frames] of heard.entries()) pairs.push([SAID[i] as string, await recognise(frames)]);
    if (process.env.ROOMKIT_FIGURES) console.log(loss, wordErrorRate(pairs), pairs);
    expect(wordErrorRate(pairs)).toBeLessThan(loss > 0.1 ? 1 : 0.2);
  },
  60_000,
);
