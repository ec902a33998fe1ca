import type { SpeechPart, TtsProvider } from "@roomkit/core";
import { type ElevenLabsMultiOptions, elevenlabsMultiStreamInput, StandIn } from "@roomkit/provider-standins";
import { settle, VirtualClock } from "@roomkit/testing";
import { afterEach, describe, expect, it } from "vitest";
import { elevenlabsTts } from "../elevenlabs-tts.ts";
import type { ElevenLabsTtsOptions } from "../options.ts";
import { spokenText, textOf } from "../text.fixture.ts";

let standIn: StandIn;
let provider: TtsProvider;
let clock: VirtualClock;

async function begin(
  protocol: ElevenLabsMultiOptions = {},
  options: Partial<ElevenLabsTtsOptions> = {},
): Promise<void> {
  clock = new VirtualClock();
  standIn = await StandIn.start(elevenlabsMultiStreamInput({ clock, ...protocol }));
  provider = elevenlabsTts({
    voice: "voice1",
    apiKey: "multi-test-key",
    baseURL: standIn.url,
    multi: true,
    clock,
    retry: { retries: 0 },
    ...options,
  });
}

afterEach(async () => {
  await provider.close?.();
  await standIn.expectClean();
  await until(() => clock.pendingTimers === 0);
  await standIn.close();
});

const connections = (): number => standIn.log.filter(({ dir }) => dir === "upgrade").length;
const sent = (): Record<string, unknown>[] => standIn.received() as Record<string, unknown>[];

async function say(text: string, more: { voice?: string; language?: string } = {}): Promise<string> {
  const parts: SpeechPart[] = [];
  const abort = new AbortController();
  for await (const part of provider.synthesize(textOf(text), { signal: abort.signal, ...more })) parts.push(part);
  return spokenText(parts);
}

/** An utterance of which the first audio has come, and whose text goes on. */
async function started(abort = new AbortController()): Promise<AsyncIterator<SpeechPart>> {
  const open = (async function* () {
    yield "one moment please";
    await new Promise(() => {});
  })();
  const stream = provider.synthesize(open, { signal: abort.signal })[Symbol.asyncIterator]();
  for (let next = await stream.next(); next.value?.type !== "audio"; ) next = await stream.next();
  return stream;
}

/** The same, and what interrupts it. */
async function interrupted(): Promise<() => Promise<void>> {
  const abort = new AbortController();
  const stream = await started(abort);
  return async () => {
    abort.abort();
    await expect(stream.next()).rejects.toMatchObject({ code: "aborted" });
  };
}

/** Waits for sockets, without moving the clock. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 5_000 && !condition(); i++) await settle(1);
  expect(condition()).toBe(true);
}

describe("one WebSocket for all utterances", () => {
  it("serves one after the other and several at once", async () => {
    await begin();
    expect(await say("first")).toBe("first");
    const texts = ["alpha", "beta", "gamma", "delta", "epsilon"];
    expect(await Promise.all(texts.map((text) => say(text)))).toEqual(texts);
    expect(connections()).toBe(1);
  });

  it("is opened ahead by warmUp", async () => {
    await begin();
    await Promise.all([provider.warmUp?.(), provider.warmUp?.()]);
    expect(connections()).toBe(1);
    expect(await say("hello")).toBe("hello");
    expect(connections()).toBe(1);
  });

  it("closes the context of an utterance that is interrupted, and of one that has ended", async () => {
    await begin();
    await say("whole");
    const stop = await interrupted();
    await stop();
    await until(() => sent().filter((message) => message.close_context).length === 2);
    const ids = new Set(sent().map((message) => message.context_id));
    expect(ids.size).toBe(2);
    expect(await say("next")).toBe("next");
    expect(connections()).toBe(1);
  });

  it("never has more than five contexts: the sixth waits until the vendor has said that one is gone", async () => {
    await begin({ finalDelayMs: 300 });
    const stops = [];
    for (let i = 0; i < 5; i++) stops.push(await interrupted());
    for (const stop of stops) await stop();
    const sixth = say("at last");
    await until(() => sent().filter((message) => message.close_context).length === 5);
    await settle(20);
    // Nothing of it has been sent: it would be the sixth.
    expect(sent().filter((message) => message.text === "at last ")).toEqual([]);
    await clock.advance(300);
    await until(() => sent().some((message) => message.text === "at last "));
    await until(() => sent().filter((message) => message.close_context).length === 6);
    await clock.advance(300);
    expect(await sixth).toBe("at last");
    expect(connections()).toBe(1);
  });

  it("is left for a new one when the vendor does not let go of a context", async () => {
    await begin({ finalDelayMs: 60_000 });
    const stop = await interrupted();
    await stop();
    await until(() => sent().some((message) => message.close_context));
    await clock.advance(5_000);
    await until(() => standIn.openExchanges === 0);
    expect(connections()).toBe(1);
    const stopAgain = await interrupted();
    expect(connections()).toBe(2);
    await stopAgain();
  });

  it("stays open while somebody thinks about what to say", async () => {
    await begin();
    let go = (): void => {};
    const thinking = new Promise<void>((resolve) => {
      go = resolve;
    });
    const parts: SpeechPart[] = [];
    const done = (async () => {
      const text = (async function* () {
        yield "well";
        await thinking;
        yield "yes";
      })();
      const { signal } = new AbortController();
      for await (const part of provider.synthesize(text, { signal })) parts.push(part);
    })();
    await until(() => spokenText(parts) === "well");
    for (let second = 0; second < 400; second += 5) {
      await clock.advance(5_000);
      await settle(10);
    }
    go();
    await done;
    expect(spokenText(parts).replace(/\s+/g, " ")).toBe("well yes");
    expect(sent().filter((message) => message.text === "").length).toBeGreaterThanOrEqual(30);
    expect(connections()).toBe(1);
  });

  it("is closed with the provider, as often as one likes, and ends what is said over it", async () => {
    await begin();
    const stream = await started();
    await provider.close?.();
    await provider.close?.();
    await expect(stream.next()).rejects.toMatchObject({ code: "closed" });
    await expect(provider.warmUp?.()).rejects.toMatchObject({ code: "closed" });
    await expect(say("late")).rejects.toMatchObject({ code: "closed" });
  });

  it("that closes as soon as it is open fails with its reason, and is not opened for ever", async () => {
    await begin();
    standIn.fault({ kind: "close", after: 0, code: 1008, reason: "quota exceeded" });
    await expect(say("hi")).rejects.toMatchObject({ code: "provider_quota" });
    expect(connections()).toBe(1);
  });

  it("is closed after a while of silence, and opened again when needed", async () => {
    await begin({}, { idleMs: 30_000 });
    await say("one");
    await clock.advance(29_000);
    await say("two");
    await clock.advance(29_000);
    expect(standIn.openExchanges).toBe(1);
    await clock.advance(1_000);
    await until(() => standIn.openExchanges === 0);
    expect(await say("three")).toBe("three");
    expect(connections()).toBe(2);
  });

  it("is one for each voice and language, and no more than four", async () => {
    await begin();
    for (const voice of ["a", "b", "c", "d", "e"]) expect(await say("hi", { voice })).toBe("hi");
    expect(await say("hi", { voice: "e", language: "de-CH" })).toBe("hi");
    expect(connections()).toBe(6);
    await until(() => standIn.openExchanges <= 4);
    const urls = standIn.log.flatMap(({ dir, frame }) => (dir === "upgrade" ? [(frame as { url: string }).url] : []));
    expect(urls.at(-1)).toContain("language_code=de");
  });

  it("that is lost fails all that is said over it, and is replaced", async () => {
    await begin();
    standIn.fault({ kind: "cut", after: 20 });
    await say("before");
    const streams = await Promise.all([started(), started()]);
    for (const stream of streams) {
      const toTheEnd = async (): Promise<void> => {
        while (!(await stream.next()).done);
      };
      await expect(toTheEnd()).rejects.toMatchObject({ code: "provider_network" });
    }
    expect(await say("after")).toBe("after");
    expect(connections()).toBe(2);
  });

  it("does not let one who stopped listening keep the others waiting", async () => {
    await begin();
    const slow = await started();
    expect(await say("quick")).toBe("quick");
    await slow.return?.();
    await until(() => sent().filter((message) => message.close_context).length === 2);
  });
});
