import { rms } from "@roomkit/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Demo, startDemo } from "./demo.fixture.ts";
import { haveRecordings, readSound, recordings, spoken, until } from "./speech.fixture.ts";
import { WireClient } from "./wire-client.fixture.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo({ ROOMKIT_GREETING: "", NODE_ENV: "production" });
}, 90_000);
afterAll(async () => {
  expect(await demo.stop()).toBe(0);
});

describe("a client written from nothing but the seed's wire format", () => {
  it("is recognised, answered aloud and shown the words", { timeout: 60_000 }, async () => {
    const client = new WireClient(demo.url, "abc123");
    client.say(await spoken("What is the capital of France?"));
    const [question] = await until("the question", () => client.said("user").length > 0 && client.said("user"));
    expect(question).toMatch(/capital of france/i);
    const [answer] = await until("the answer", () => client.said("assistant").length > 0 && client.said("assistant"));
    expect(answer).toMatch(/paris/i);
    expect(client.heard.samples.length).toBeGreaterThan(24_000 / 2);
    expect(rms(client.heard.samples)).toBeGreaterThan(500);
    client.ping();
    await until("a pong", () => client.others.some((message) => message.event === "pong"));
    client.stop();
    await until("the end", () => client.closed);
    expect(client.closed?.code).toBe(1000);
  });

  it.skipIf(!haveRecordings)("recognises a person", { timeout: 60_000 }, async () => {
    const client = new WireClient(demo.url, "human");
    client.say(readSound(recordings.goForward.file));
    const [words] = await until("the words", () => client.said("user").length > 0 && client.said("user"));
    expect(words).toMatch(recordings.goForward.says);
    await until("an answer", () => client.said("assistant").length > 0 && client.heard.samples.length > 12_000);
    client.close();
  });
});

it("says why it refuses a second connection of the same name, and leaves the first alone", {
  timeout: 60_000,
}, async () => {
  const first = new WireClient(demo.url, "same");
  await until("the first", () => first.closed === undefined && first);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const second = new WireClient(demo.url, "same");
  await until("the refusal", () => second.closed);
  expect(second.others).toContainEqual(expect.objectContaining({ status: "failed" }));
  first.ping();
  await until("a pong", () => first.others.some((message) => message.event === "pong"));
  first.close();
});

it("counts its calls at /metrics, and logs each and its turns as JSON, without a word of them", {
  timeout: 30_000,
}, async () => {
  const page = async () => (await fetch(`${demo.url}/metrics`)).text();
  await until("the end of all calls", async () => (await page()).includes('roomkit_calls{transport="websocket"} 0'));
  const text = await page();
  const value = (name: string): number =>
    Number(new RegExp(`^roomkit_${name} (.*)$`, "m").exec(text)?.[1] ?? Number.NaN);
  expect(value('turns_total{transport="websocket"}')).toBeGreaterThanOrEqual(1);
  expect(value('turn_latency_seconds_sum{stage="total"}')).toBeGreaterThan(0);
  expect(value("pacing_lateness_seconds_count")).toBeGreaterThan(100);
  expect(value('refusals_total{transport="websocket",reason="connection_already_exists"}')).toBe(1);
  const lines = demo.output().split("\n");
  const logged = lines.flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Record<string, unknown>] : []));
  const started = value('calls_started_total{transport="websocket"}');
  expect(logged.filter(({ event }) => event === "call")).toHaveLength(started);
  expect(logged).toContainEqual(expect.objectContaining({ level: 30, event: "turn", transport: "websocket" }));
  expect(demo.output() + text).not.toMatch(/capital|paris/i);
});
