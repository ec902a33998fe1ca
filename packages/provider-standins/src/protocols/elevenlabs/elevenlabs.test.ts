import { VirtualClock } from "@roomkit/testing";
import { afterEach, describe, expect, it } from "vitest";
import { StandIn } from "../../server/stand-in.ts";
import { type Client, connect } from "../client.fixture.ts";
import { textOfAudio } from "../speech-audio.ts";
import { type ElevenLabsMultiOptions, elevenlabsMultiStreamInput } from "./multi-stream-input.ts";
import { elevenlabsStream } from "./stream.ts";
import { type ElevenLabsSocketOptions, elevenlabsStreamInput } from "./stream-input.ts";

let standIn: StandIn;
afterEach(() => standIn.close());

const headers = { "xi-api-key": "k" };
const usual = "model_id=m&output_format=pcm_16000&sync_alignment=true";
const spoken = (frames: readonly Record<string, unknown>[]): string => {
  const bytes = Buffer.concat(frames.map(({ audio }) => Buffer.from((audio as string | null) ?? "", "base64")));
  return textOfAudio(new Int16Array(Uint8Array.from(bytes).buffer), 16_000);
};

describe("elevenlabs.stream-input", () => {
  const open = async (query = usual, options: ElevenLabsSocketOptions = {}, from = headers): Promise<Client> => {
    standIn = await StandIn.start(elevenlabsStreamInput(options));
    return await connect(`${standIn.wsUrl}/v1/text-to-speech/v1/stream-input?${query}`, from as never);
  };

  it("speaks what is flushed at once, the rest at the end, and says which characters when", async () => {
    const client = await open();
    client.send({ text: " ", voice_settings: { stability: 0.5 } });
    client.send({ text: "hello ", flush: true });
    await client.count(2);
    const before = client.got.length;
    expect(spoken(client.got)).toBe("hello ");
    client.send({ text: "you " });
    client.send({ text: "" });
    expect(await client.closed).toMatchObject({ code: 1000 });
    expect(spoken(client.got.slice(before))).toBe("you ");
    expect(client.got.at(-1)).toMatchObject({ isFinal: true, audio: null });
    const aligned = client.got.flatMap(({ alignment }) => (alignment as { chars?: string[] } | null)?.chars ?? []);
    expect(aligned.join("")).toBe("hello you ");
    expect(Buffer.from(client.got[0]?.audio as string, "base64").length % 2).toBe(1);
    await standIn.expectClean();
  });

  it("speaks long text without being asked to", async () => {
    const client = await open();
    client.send({ text: " " });
    client.send({ text: "a".repeat(130) });
    await client.count(3);
    client.send({ text: "" });
    await client.closed;
    expect(spoken(client.got)).toBe("a".repeat(130));
  });

  it("closes with an error when nothing comes for as long as was agreed", async () => {
    const clock = new VirtualClock();
    const client = await open(`${usual}&inactivity_timeout=30`, { clock });
    client.send({ text: " " });
    await standIn.waitFor(({ dir }) => dir === "in");
    await clock.advance(29_999);
    expect(client.got).toEqual([]);
    await clock.advance(1);
    expect(await client.closed).toMatchObject({ code: 1008 });
    expect(client.got).toEqual([expect.objectContaining({ error: "input_timeout_exceeded", code: 1008 })]);
  });

  it("wants a space first", async () => {
    const client = await open();
    client.send({ text: "hello " });
    expect(await client.closed).toMatchObject({ code: 1008 });
    expect(client.got[0]).toMatchObject({ error: "invalid_input_message" });
  });

  it("notes what the SDK's types do not know", async () => {
    const client = await open();
    client.send({ text: " ", voice: "x" });
    client.send({ text: "" });
    await client.closed;
    await expect(standIn.expectClean()).rejects.toThrow(/voice/);
  });

  it.each([
    ["without a key", usual, {}, /no key/],
    ["with a parameter that does not exist", `${usual}&speed=2`, headers, /speed/],
    ["with another format", "output_format=mp3_44100_128", headers, /pcm/],
    ["with a language that is none", `${usual}&language_code=de-CH`, headers, /de-CH/],
    ["with too much patience", `${usual}&inactivity_timeout=200`, headers, /inactivity_timeout/],
  ])("refuses %s", async (_name, query, from, complaint) => {
    await expect(open(query, {}, from as never)).rejects.toThrow("400");
    expect(standIn.violations.join()).toMatch(complaint);
  });
});

describe("elevenlabs.multi-stream-input", () => {
  const open = async (options: ElevenLabsMultiOptions = {}): Promise<Client> => {
    standIn = await StandIn.start(elevenlabsMultiStreamInput(options));
    return await connect(`${standIn.wsUrl}/v1/text-to-speech/v1/multi-stream-input?${usual}`, headers);
  };
  const begin = (client: Client, context_id: string): void => client.send({ text: " ", context_id });

  it("keeps contexts apart, and ends each for itself", async () => {
    const client = await open();
    for (const id of ["a", "b"]) begin(client, id);
    client.send({ text: "one ", context_id: "a", flush: true });
    client.send({ text: "two ", context_id: "b" });
    client.send({ context_id: "b", close_context: true });
    client.send({ context_id: "a", close_context: true });
    client.send({ close_socket: true });
    expect(await client.closed).toMatchObject({ code: 1000 });
    const of = (id: string): Record<string, unknown>[] => client.got.filter(({ contextId }) => contextId === id);
    expect([spoken(of("a")), spoken(of("b"))]).toEqual(["one ", "two "]);
    expect([of("a").at(-1)?.isFinal, of("b").at(-1)?.isFinal]).toEqual([true, true]);
    await standIn.expectClean();
  });

  it("closes on the sixth, also while one of the five is being closed", async () => {
    const clock = new VirtualClock();
    const client = await open({ clock, finalDelayMs: 100 });
    for (const id of ["a", "b", "c", "d", "e"]) begin(client, id);
    client.send({ context_id: "a", close_context: true });
    begin(client, "f");
    expect(await client.closed).toMatchObject({ code: 1008 });
    expect(client.got).toEqual([expect.objectContaining({ error: "max_active_conversations" })]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives a place back with the last message of a context, which may be late", async () => {
    const clock = new VirtualClock();
    const client = await open({ clock, finalDelayMs: 100 });
    for (const id of ["a", "b", "c", "d", "e"]) begin(client, id);
    client.send({ context_id: "a", close_context: true });
    await standIn.waitFor(({ frame }) => (frame as { close_context?: boolean }).close_context === true);
    await clock.advance(100);
    await client.count(1);
    expect(client.got).toEqual([{ isFinal: true, contextId: "a" }]);
    begin(client, "f");
    client.send({ text: "six ", context_id: "f", flush: true });
    await client.count(2);
    client.send({ close_socket: true });
    await client.closed;
    expect(spoken(client.got)).toBe("six ");
  });

  it("makes a context of whatever names one, a flush too", async () => {
    const client = await open();
    for (const id of ["a", "b", "c", "d"]) begin(client, id);
    client.send({ context_id: "gone", close_context: true });
    client.send({ context_id: "phantom", flush: true });
    begin(client, "e");
    expect(await client.closed).toMatchObject({ code: 1008 });
  });

  it("closes when nothing comes, unless it is told to wait", async () => {
    const clock = new VirtualClock();
    const client = await open({ clock });
    begin(client, "a");
    await standIn.waitFor(({ dir }) => dir === "in");
    await clock.advance(19_000);
    client.send({ text: "", context_id: "a" });
    await standIn.waitFor(({ frame }) => (frame as { text?: string }).text === "");
    await clock.advance(19_000);
    expect(client.got).toEqual([]);
    await clock.advance(1_000);
    expect(await client.closed).toMatchObject({ code: 1008 });
    expect(client.got[0]).toMatchObject({ error: "input_timeout_exceeded" });
  });
});

describe("elevenlabs.stream", () => {
  it("speaks in chunks that are no whole samples, and checks what it is asked by the SDK's types", async () => {
    standIn = await StandIn.start(elevenlabsStream());
    const post = (body: object): Promise<Response> =>
      fetch(`${standIn.url}/v1/text-to-speech/v1/stream?output_format=pcm_16000`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const answer = await post({ text: "hello", model_id: "m" });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    expect(textOfAudio(new Int16Array(bytes.buffer), 16_000)).toBe("hello");
    expect(standIn.violations).toEqual([]);
    expect((await post({ text: "hello", modelId: "m" })).status).toBe(400);
    expect((await post({ text: " " })).status).toBe(400);
    expect(standIn.violations.join()).toMatch(/modelId.*empty/s);
  });
});
