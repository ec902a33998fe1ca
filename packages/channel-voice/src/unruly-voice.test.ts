import { type SpeechPart, silence, silentLogger, type TtsProvider } from "@roomkit/core";
import { seededRandom, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { call } from "./voice-call.fixture.ts";

/**
 * A voice that says what it likes when it likes: no audio, audio of no text, words before their audio, an end or an error at any time, a hang, and audio
 * after it was told to stop.
 */
class UnrulyVoice implements TtsProvider {
  readonly name = "unruly";
  readonly capabilities = { sampleRate: 16_000, streamingInput: true, wordTimings: true };
  readonly #random: () => number;
  open = 0;
  /** From now on it speaks as it should. */
  tame = false;
  clock = new VirtualClock();

  constructor(random: () => number) {
    this.#random = random;
  }

  async *synthesize(
    text: AsyncIterable<string>,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<SpeechPart> {
    const pick = (n: number): number => (this.tame ? 1 : Math.floor(this.#random() * n));
    const audio = (): SpeechPart => ({
      type: "audio",
      frame: silence({ sampleRate: 16_000, channels: 1 }, 20 * (1 + pick(30))),
    });
    this.open++;
    try {
      const deaf = pick(3) === 0;
      for await (const piece of text) {
        if (signal.aborted && !deaf) return;
        await this.clock.sleep(pick(4) * 40, deaf ? undefined : signal);
        const what = pick(12);
        if (what === 0) throw new Error("voice");
        if (what === 2) return;
        if (what === 3) yield audio();
        if (what === 4 && !signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        if (what === 5) yield { type: "words", words: [{ text: piece, startMs: 0, endMs: 50 }] };
        if (what !== 6) yield { type: "segment", text: piece };
        if (what === 7) continue;
        yield audio();
        if (what === 8) yield { type: "words", words: [{ text: "else", startMs: 9_000, endMs: 10 }] };
        if (what === 9) yield audio();
      }
      if (pick(6) === 0) yield audio();
    } finally {
      this.open--;
    }
  }
}

async function live(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const voice = new UnrulyVoice(random);
  const c = await call({
    stt: Array.from({ length: 20 }, (_, i) => ({ finals: [`word${i}`], delayMs: pick(300) })),
    answers: Array.from({ length: 60 }, (_, i) => `Answer ${i} is this. It has a second sentence. And one more.`),
    msPerWord: pick(60),
    voice: { tts: voice, ttsTimeoutMs: 2_000, interruption: { strategy: pick(2) ? "confirmed" : "immediate" } },
    playback: pick(2) ? "reported" : "estimated",
    logger: silentLogger,
  });
  voice.clock = c.clock;
  for (let n = 0; n < 8; n++) {
    await c.speak(200 + pick(900));
    await c.clock.advance(pick(4_000));
    if (pick(3) === 0) c.connection.input({ type: "interrupt" });
  }
  await c.clock.advance(20_000);
  voice.tame = true;
  await c.speak(600);
  await c.clock.advance(20_000);
  const log = await c.log();
  expect(log.at(-1)).toMatch(/^assistant: Answer \d+ is this\. It has a second sentence\. And one more\.$/);
  // Only the words of answers are ever in the log, and each of the caller's once.
  for (const line of log) expect(line).toMatch(/^user: word\d+( word\d+)*$|^assistant: (Answer|$|[A-Za-z0-9 .]+$)/);
  const said = log.flatMap((line) => line.match(/word\d+/g) ?? []);
  expect(said).toHaveLength(new Set(said).size);
  expect([c.connection.messages("state").at(-1)?.state, c.connection.queuedMs]).toEqual(["listening", 0]);
  await c.kit.leave(c.session);
  await c.kit.closeRoom(c.room.id);
  await c.clock.advance(30_000);
  expect([voice.open, c.stt.open, c.model.open, c.clock.pendingTimers, c.connection.listeners]).toEqual([
    0, 0, 0, 0, 0,
  ]);
}

describe("a voice in any order", () => {
  it.each(Array.from({ length: 30 }, (_, i) => i + 1))("seed %i", live, 20_000);
});
