import { type AIPart, type AIProvider, RoomKitError } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { rejection, settle } from "../fake-room.fixture.ts";
import { call, done, type Script, ScriptedModel, say } from "../scripted-model.fixture.ts";
import { STOP_TIMEOUT_MS, streamModel } from "./model-stream.ts";

function start(
  provider: AIProvider,
  clock: VirtualClock,
  signal = new AbortController().signal,
): AsyncGenerator<AIPart> {
  return streamModel(provider, { messages: [] }, { signal, clock, firstTokenTimeoutMs: 5_000, stallTimeoutMs: 2_000 });
}

async function all(stream: AsyncIterable<AIPart>): Promise<AIPart[]> {
  const parts: AIPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

function scripted(...script: Script[]): { clock: VirtualClock; model: ScriptedModel } {
  const clock = new VirtualClock();
  return { clock, model: new ScriptedModel(clock, ...script) };
}

describe("streamModel", () => {
  it("gives the parts up to the finish, and nothing a provider adds to it", async () => {
    const { clock, model } = scripted([...say("a"), call("t", {}), done, ...say("more")]);
    expect(await all(start(model, clock))).toEqual([...say("a"), call("t", {}), done]);
    expect(model.open).toBe(0);
  });

  it("takes an early end for a failure that may be tried again", async () => {
    const { clock, model } = scripted(say("a"));
    const error = await rejection(all(start(model, clock)));
    expect([error.code, error.retryable]).toEqual(["provider_incomplete", true]);
  });

  it("throws an error part, and what the provider throws, whatever it is", async () => {
    const own = new RoomKitError("rate_limited", "slow down", { retryable: true });
    const parted = scripted([{ type: "error", error: own }]);
    expect(await rejection(all(start(parted.model, parted.clock)))).toBe(own);
    const thrown = scripted([{ fail: new TypeError("fetch failed") }]);
    expect((await rejection(all(start(thrown.model, thrown.clock)))).code).toBe("provider_error");
    const sync: AIProvider = {
      name: "sync",
      capabilities: { tools: false },
      generate: () => {
        throw own;
      },
    };
    expect(await rejection(all(start(sync, new VirtualClock())))).toBe(own);
  });

  const stream = (...parts: unknown[]) =>
    async function* () {
      yield* parts;
    };
  it.each<[string, () => unknown, RegExp]>([
    ["a promise", async () => [done], /^generate of own gave a promise/],
    ["a promise that fails", () => Promise.reject(new Error("no")), /^generate of own gave a promise/],
    ["a list", () => [done], /^generate of own gave no async iterable/],
    ["nothing", () => undefined, /^generate of own gave no async iterable/],
    ["strings", stream("Hello"), /^own yielded a value of the type string, not a part/],
    ["null", stream(null), /^own yielded null, not a part/],
    ["a part of no type", stream({ text: "Hello" }), /^own yielded a part whose type is none of text-delta, /],
    ["a part of another type", stream({ type: "toString" }), /^own yielded a part whose type is none of/],
    [
      "text that is none",
      stream({ type: "text-delta", delta: "a" }),
      /^own yielded a part text-delta whose text is no/,
    ],
    ["a call without a name", stream({ type: "tool-call", id: "1" }), /^own yielded a part tool-call whose name is no/],
    ["a call without an id", stream({ type: "tool-call", name: "t" }), /^own yielded a part tool-call whose id is no/],
    ["an end without a reason", stream({ type: "finish" }), /^own yielded a part finish whose reason is no string/],
  ])("says what is wrong with a provider that gives %s", async (_what, generate, message) => {
    const own = { name: "own", capabilities: { tools: true }, generate } as AIProvider;
    const error = await rejection(all(start(own, new VirtualClock())));
    expect([error.code, error.retryable, error.message]).toEqual([
      "provider_error",
      false,
      expect.stringMatching(message),
    ]);
  });

  it("waits longer for the first part than for the next, and no longer than that", async () => {
    const { clock, model } = scripted([{ wait: 4_000 }, ...say("a"), { wait: 1_900 }, ...say("b"), "hang"]);
    const reading = rejection(all(start(model, clock)));
    await clock.advance(4_000 + 1_900 + 1_999);
    expect(model.open).toBe(1);
    await clock.advance(1);
    expect((await reading).code).toBe("timeout");
    expect([model.open, model.stopped, clock.pendingTimers]).toEqual([0, 1, 0]);
    const silent = scripted(["hang"]);
    const waiting = rejection(all(start(silent.model, silent.clock)));
    await silent.clock.advance(5_000);
    expect((await waiting).code).toBe("timeout");
  });

  it("stops the provider at an abort, and says aborted", async () => {
    const { clock, model } = scripted([...say("a"), "hang"]);
    const controller = new AbortController();
    const reading = rejection(all(start(model, clock, controller.signal)));
    await settle();
    controller.abort();
    expect((await reading).code).toBe("aborted");
    expect([model.open, model.stopped, clock.pendingTimers]).toEqual([0, 1, 0]);
  });

  it("does not wait for ever for a provider that does not stop", async () => {
    const { clock, model } = scripted([...say("a"), "hang"]);
    model.deaf = true;
    const controller = new AbortController();
    const reading = rejection(all(start(model, clock, controller.signal)));
    await settle();
    controller.abort();
    await settle();
    await clock.advance(STOP_TIMEOUT_MS);
    expect((await reading).code).toBe("aborted");
    expect(clock.pendingTimers).toBe(0);
  });

  it("asks nothing of the provider when aborted before", async () => {
    const { clock, model } = scripted([done]);
    expect((await rejection(all(start(model, clock, AbortSignal.abort())))).code).toBe("aborted");
    expect(model.requests).toHaveLength(0);
  });
});
