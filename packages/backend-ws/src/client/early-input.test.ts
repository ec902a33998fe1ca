import { mulaw } from "@roomkit/codec-mulaw";
import type { ConnectionInput } from "@roomkit/core";
import { encodeAudioFrame, encodeBase64, samplesToPcm16 } from "@roomkit/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { Client, type Rig, startRig, tone, until } from "../rig.fixture.ts";

/** What making a session may well take: a database, a model to warm up. */
const FACTORY_MS = 200;

let rig: Rig;
afterEach(async () => {
  await rig.close();
});

/** A backend that is slow to make sessions, with a channel that joins `joinMs` after one is ready. */
async function start(joinMs = 0): Promise<{ inputs: ConnectionInput[]; tapped: number[] }> {
  const inputs: ConnectionInput[] = [];
  const tapped: number[] = [];
  rig = await startRig({
    factory: async (connect) => {
      await new Promise((resolve) => setTimeout(resolve, FACTORY_MS));
      return connect();
    },
  });
  rig.backend.onAudioReceived((_session, { samples }) => tapped.push(samples.length));
  rig.backend.onSessionReady((_session, connection) => {
    const join = (): void => void connection.onInput((input) => inputs.push(input));
    if (joinMs > 0) setTimeout(join, joinMs);
    else join();
  });
  return { inputs, tapped };
}

const compat = { event: "start", websocket_id: "abc123" };
const v1 = { event: "start", protocol: 1, audio: { send: { codec: "pcm16", sampleRate: 16_000 } } };

describe.each([
  ["compat", compat],
  ["v1", v1],
])("what a %s client sends in the same tick as its start", (_, hello) => {
  it.each([0, 100])("arrives, once and in order, at a channel that joins after %d ms", async (joinMs) => {
    const { inputs } = await start(joinMs);
    const client = await Client.open(rig.url);
    client.say(hello);
    client.say({ event: "mute", muted: false });
    client.say({ event: "text", text: "first" });
    client.say({ event: "dtmf", digit: "5" });
    client.say({ event: "data", name: "page", payload: { at: "/" } });
    client.say({ event: "text", text: "second" });
    client.say({ event: "ping" });
    await until(() => client.of("pong").length === 1);
    expect(rig.ready).toHaveLength(0);
    await until(() => inputs.length > 0, "the first input");
    client.say({ event: "text", text: "third" });
    await until(() => inputs.some((input) => input.type === "text" && input.text === "third"), "the last input");
    expect(inputs).toEqual([
      { type: "mute", muted: false },
      { type: "text", text: "first" },
      { type: "dtmf", digit: "5" },
      { type: "data", name: "page", payload: { at: "/" } },
      { type: "text", text: "second" },
      { type: "text", text: "third" },
    ]);
    expect(client.closed).toBeUndefined();
  });

  it("is heard, by the consumer of its audio and by those who listen to all", async () => {
    const { inputs, tapped } = await start();
    const client = await Client.open(rig.url);
    const rate = hello === compat ? 48_000 : 16_000;
    const { samples } = tone(rate, 20);
    const speak = (): void =>
      client.say(
        hello === compat
          ? { event: "media", media: { payload: encodeBase64(mulaw().encode(samples)) } }
          : encodeAudioFrame({ utterance: 0, offset: 0, end: false, audio: samplesToPcm16(samples) }),
      );
    client.say(hello);
    speak();
    client.say({ event: "text", text: "hello" });
    await until(() => rig.ready.length === 1 && inputs.length === 1);
    expect(rig.ready[0]?.heard.map((frame) => frame.samples.length)).toEqual([samples.length]);
    expect(tapped).toEqual([samples.length]);
  });
});

it("what a telephone sends in the same tick as its start arrives", async () => {
  const { inputs } = await start();
  const client = await Client.open(rig.url);
  client.say({ event: "connected", protocol: "Call", version: "1.0.0" });
  client.say({ event: "start", sequenceNumber: "1", start: { streamSid: "MZ1" }, streamSid: "MZ1" });
  client.say({ event: "dtmf", dtmf: { digit: "5" }, streamSid: "MZ1" });
  await until(() => inputs.length === 1);
  expect(inputs).toEqual([{ type: "dtmf", digit: "5" }]);
});
