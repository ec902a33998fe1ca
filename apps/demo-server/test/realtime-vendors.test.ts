import { RealtimeVoiceChannel } from "@roomkit/channel-realtime";
import { eventText, type RealtimeProvider, RoomKit, silence, systemClock } from "@roomkit/core";
import { createResampler } from "@roomkit/pipeline";
import { geminiLive } from "@roomkit/provider-gemini";
import { openaiRealtime } from "@roomkit/provider-openai";
import {
  audioOfText,
  geminiLiveRoute,
  openaiRealtimeRoute,
  type ScriptedReply,
  StandIn,
} from "@roomkit/provider-standins";
import { FakeBackend, FakeConnection } from "@roomkit/testing";
import { afterEach, describe, expect, it } from "vitest";
import { until as untilWithin } from "./speech.fixture.ts";

const key = "a-key-that-opens-nothing";
const HELLO = "hello there my good old friend from school";
const until: typeof untilWithin = (what, look) => untilWithin(what, look, 20_000);
const script = ({ userText }: { readonly userText: string }): ScriptedReply => ({
  text: [`You said ${userText}. `, "Is there ", "anything else?"],
});

const vendors = [
  {
    name: "OpenAI Realtime",
    route: () => openaiRealtimeRoute({ script, pieceMs: 20 }),
    routeName: "openai.realtime",
    rate: 24_000,
    connect: (url: string): RealtimeProvider =>
      openaiRealtime({
        apiKey: key,
        baseURL: `${url}/v1`,
        turnDetection: { type: "server_vad", silenceDurationMs: 200 },
      }),
  },
  {
    name: "Gemini Live",
    route: () => geminiLiveRoute({ script, pieceMs: 20 }),
    routeName: "gemini.live",
    rate: 16_000,
    connect: (url: string): RealtimeProvider => geminiLive({ apiKey: key, baseURL: url }),
  },
];

let cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
  cleanUp = [];
});

/** A caller whose client needs no browser, a real room, a real channel, and the vendor's provider on a real socket. */
async function call(vendor: (typeof vendors)[number]) {
  const standIn = await StandIn.start(vendor.route());
  const kit = new RoomKit();
  const transport = new FakeBackend();
  const channel = new RealtimeVoiceChannel("realtime", {
    provider: vendor.connect(standIn.url),
    transport,
    createResampler,
  });
  kit.registerChannel(channel);
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "realtime");
  const format = { sampleRate: vendor.rate, channels: 1 } as const;
  const connection = new FakeConnection({
    clock: systemClock,
    id: "client",
    inbound: format,
    outbound: { sampleRate: 24_000, channels: 1 },
  });
  transport.client(connection);
  const session = await channel.startSession(room.id, "caller", { connection: "client" });
  let microphone: Int16Array = new Int16Array(0);
  let at = 0;
  const timer = setInterval(() => {
    const frame = silence(format, 20, at);
    frame.samples.set(microphone.subarray(0, frame.samples.length));
    microphone = microphone.subarray(Math.min(frame.samples.length, microphone.length));
    connection.hear(frame);
    at += 20;
  }, 20);
  cleanUp.push(async () => {
    clearInterval(timer);
    await kit.close();
    await standIn.close();
  });
  const log = async (): Promise<string[]> =>
    (await kit.timeline(room.id))
      .filter((e) => e.content.type === "text")
      .map((e) => `${e.source.role}: ${eventText(e)}`);
  const say = (text: string): void => {
    microphone = audioOfText(text, vendor.rate);
  };
  return { standIn, channel, connection, session, log, say };
}

describe.each(vendors)("a whole call over $name", { timeout: 90_000 }, (vendor) => {
  it("is heard, answered aloud and remembered", async () => {
    const c = await call(vendor);
    c.say(HELLO);
    await until("the answer", async () => (await c.log()).length >= 2);
    expect(await c.log()).toEqual([`user: ${HELLO}`, `assistant: You said ${HELLO}. Is there anything else?`]);
    expect(
      c.connection
        .messages("transcript")
        .filter((m) => m.final)
        .map((m) => m.role),
    ).toEqual(["user", "assistant"]);
    const [playedMs] = [...c.connection.played.values()];
    expect(playedMs).toBeGreaterThan(1_000);
    await c.channel.endSession(c.session.id);
    await c.standIn.expectClean();
  });

  it("an interruption cuts the answer at the ear", async () => {
    const c = await call(vendor);
    c.say(HELLO);
    await until("sound", () => [...c.connection.played.values()].some((ms) => ms > 200));
    c.say("stop it please stop talking now");
    await until("silence", () => c.connection.clears > 0);
    await until("the log", async () => (await c.log()).filter((line) => line.startsWith("assistant")).length >= 1);
    const [answer] = (await c.log()).filter((line) => line.startsWith("assistant"));
    expect(`assistant: You said ${HELLO}. Is there anything else?`).toContain(answer as string);
    expect(answer).not.toContain("anything else?");
  });

  it("a connection that is lost in the middle of a sentence is made again, and the session lives", async () => {
    const c = await call(vendor);
    c.say(HELLO);
    await until("sound", () => c.connection.played.size > 0);
    await c.standIn.dropConnections();
    await systemClock.sleep(1_500);
    c.say("would you be so kind as to say that once more");
    await until("another answer", async () =>
      (await c.log()).some((line) => line.includes("once more. Is there anything else?")),
    );
    expect(c.session.state).toBe("active");
    expect(c.connection.closed).toBe(false);
  });
});
