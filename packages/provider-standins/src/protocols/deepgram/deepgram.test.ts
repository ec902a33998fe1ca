import { VirtualClock } from "@roomkit/testing";
import { afterEach, describe, expect, it } from "vitest";
import { StandIn } from "../../server/stand-in.ts";
import { type Client, connect } from "../client.fixture.ts";
import { audioOfText } from "../speech-audio.ts";
import { type DeepgramListenOptions, deepgramListenV1 } from "./listen-v1.ts";
import { deepgramListenV2 } from "./listen-v2.ts";
import { deepgramPrerecorded } from "./prerecorded.ts";

let standIn: StandIn;
afterEach(() => standIn.close());

const headers = { authorization: "Token k" };
const audio = (text: string): Uint8Array => new Uint8Array(audioOfText(text, 16_000).buffer);
const silence = (ms: number): Uint8Array => new Uint8Array(ms * 32);
const brief = ({ got }: Client): unknown[] =>
  got.map((frame) => {
    const { channel } = frame as { channel?: { alternatives?: { transcript: string }[] } };
    const flags = ["is_final", "speech_final", "from_finalize"].filter((flag) => frame[flag] === true);
    return [frame.type, ...flags, channel?.alternatives?.[0]?.transcript]
      .filter((each) => each !== undefined)
      .join(" ");
  });

describe("deepgram.listen.v1", () => {
  const usual = "model=nova-3&encoding=linear16&sample_rate=16000";
  const open = async (query = usual, options: DeepgramListenOptions = {}, from = headers): Promise<Client> => {
    standIn = await StandIn.start(deepgramListenV1(options));
    return await connect(`${standIn.wsUrl}/v1/listen?${query}`, from as Record<string, string>);
  };

  it("hears words, finals and ends, and closes after Metadata", async () => {
    const client = await open(`${usual}&interim_results=true&endpointing=200&utterance_end_ms=1000&vad_events=true`);
    client.send(audio("one two three four"));
    client.send(silence(1_100));
    client.send({ type: "KeepAlive" });
    client.send(audio("five"));
    client.send({ type: "Finalize" });
    client.send({ type: "CloseStream" });
    expect(await client.closed).toMatchObject({ code: 1000 });
    expect(brief(client)).toEqual([
      "SpeechStarted",
      "Results one",
      "Results one two",
      "Results is_final one two three",
      "Results four",
      "Results is_final speech_final four",
      "UtteranceEnd",
      "SpeechStarted",
      "Results five",
      "Results is_final from_finalize five",
      "Metadata",
    ]);
    await standIn.expectClean();
  });

  it("ends with an empty message as with CloseStream, with a code or without", async () => {
    const client = await open(usual, { closeCode: 1005 });
    client.send(audio("hi"));
    client.send(new Uint8Array(0));
    expect(await client.closed).toMatchObject({ code: 1005 });
    expect(brief(client)).toEqual(["Results is_final hi", "Metadata"]);
  });

  it("closes with NET-0001 after 10 s without audio or KeepAlive", async () => {
    const clock = new VirtualClock();
    const client = await open(usual, { clock });
    client.send(audio("hi"));
    await standIn.waitFor(({ dir }) => dir === "in");
    await clock.advance(9_000);
    client.send({ type: "KeepAlive" });
    await standIn.waitFor(({ frame }) => (frame as { type?: string }).type === "KeepAlive");
    await clock.advance(9_000);
    await clock.advance(1_000);
    expect(await client.closed).toEqual({ code: 1011, reason: expect.stringContaining("net0001") });
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ["without a key", usual, {}, /no key/],
    ["without a rate", "model=nova-3&encoding=linear16", headers, /sample_rate/],
    ["without a model", "encoding=linear16&sample_rate=8000", headers, /model/],
    ["with a parameter that does not exist", `${usual}&endpoint=3`, headers, /endpoint/],
    ["with a flag that is none", `${usual}&punctuate=yes`, headers, /punctuate/],
    ["with keywords for nova-3", `${usual}&keywords=a`, headers, /keyterm/],
    ["with keyterms for nova-2", `${usual.replace("3", "2")}&keyterm=a`, headers, /keyterm/],
    ["with utterance ends but no interim results", `${usual}&utterance_end_ms=1000`, headers, /interim_results/],
  ])("refuses %s", async (_name, query, from, complaint) => {
    await expect(open(query, {}, from as never)).rejects.toThrow("400");
    expect(standIn.violations.join()).toMatch(complaint);
  });

  it("notes what no client may send", async () => {
    const client = await open();
    client.send({ type: "Configure" });
    client.send({ type: "CloseStream" });
    await client.closed;
    await expect(standIn.expectClean()).rejects.toThrow(/Configure/);
  });
});

describe("deepgram.listen.v2", () => {
  const usual = "model=flux-general-en&encoding=linear16&sample_rate=16000";
  const open = async (query = usual): Promise<Client> => {
    standIn = await StandIn.start(deepgramListenV2());
    return await connect(`${standIn.wsUrl}/v2/listen?${query}`, headers);
  };
  const events = ({ got }: Client): string[] =>
    got.map(({ type, event, transcript }) => [type, event, transcript].join(" "));

  it("hears turns, and closes without a word and without a code", async () => {
    const client = await open(`${usual}&eager_eot_threshold=0.5`);
    client.send(audio("one two three"));
    client.send(silence(120));
    client.send(audio("four"));
    client.send(silence(500));
    client.send(audio("five six"));
    client.send({ type: "CloseStream" });
    expect(await client.closed).toMatchObject({ code: 1005 });
    expect(events(client)).toEqual([
      "Connected  ",
      "TurnInfo StartOfTurn one",
      "TurnInfo Update one two three",
      "TurnInfo EagerEndOfTurn one two three",
      "TurnInfo TurnResumed one two three four",
      "TurnInfo EagerEndOfTurn one two three four",
      "TurnInfo EndOfTurn one two three four",
      "TurnInfo StartOfTurn five",
      "TurnInfo Update five six",
    ]);
    expect(client.got.map(({ sequence_id }) => sequence_id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    await standIn.expectClean();
  });

  it("says nothing early where it is not asked to, and answers Configure", async () => {
    const client = await open();
    client.send({ type: "Configure", thresholds: { eot_threshold: 0.8 } });
    client.send(audio("one"));
    client.send(silence(500));
    client.send({ type: "CloseStream" });
    await client.closed;
    expect(events(client).map((event) => event.split(" ").slice(0, 2).join(" ").trim())).toEqual([
      "Connected",
      "ConfigureSuccess",
      "TurnInfo StartOfTurn",
      "TurnInfo EndOfTurn",
    ]);
    await standIn.expectClean();
  });

  it("does not understand KeepAlive", async () => {
    const client = await open();
    client.send({ type: "KeepAlive" });
    expect(await client.closed).toMatchObject({ code: 1008 });
    expect(client.got.at(-1)).toMatchObject({ type: "Error", code: "UNPARSABLE_CLIENT_MESSAGE" });
    expect(standIn.violations.join()).toMatch(/KeepAlive/);
  });

  it.each([
    ["thresholds out of range", "eager_eot_threshold=0.2"],
    ["timeouts out of range", "eot_timeout_ms=100"],
    ["hints for the English model", "language_hint=de"],
    ["options of the other version", "endpointing=300"],
  ])("refuses %s", async (_name, query) => {
    await expect(open(`${usual}&${query}`)).rejects.toThrow("400");
  });
});

describe("deepgram.prerecorded", () => {
  it("refuses what is no WAV file, no model's parameter, or has no key", async () => {
    standIn = await StandIn.start(deepgramPrerecorded());
    const post = (query: string, from: Record<string, string>): Promise<number> =>
      fetch(`${standIn.url}/v1/listen?${query}`, { method: "POST", headers: from, body: "RIFF" }).then(
        ({ status }) => status,
      );
    expect(await post("model=nova-3", {})).toBe(400);
    expect(await post("model=nova-3&interim_results=true", headers)).toBe(400);
    expect(await post("model=nova-3", headers)).toBe(400);
    expect(standIn.violations.join()).toMatch(/no key.*interim_results.*WAV/s);
  });
});
