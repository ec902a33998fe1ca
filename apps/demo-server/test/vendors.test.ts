import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mountVoice, WebSocketBackend } from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { type AIProvider, ChannelCategory, eventText, type RoomEvent, RoomKit } from "@roomkit/core";
import { withFallback } from "@roomkit/fallback";
import { audioPipeline } from "@roomkit/pipeline";
import { anthropicAI } from "@roomkit/provider-anthropic";
import { deepgramStt } from "@roomkit/provider-deepgram";
import { elevenlabsTts } from "@roomkit/provider-elevenlabs";
import { openaiAI } from "@roomkit/provider-openai";
import {
  anthropicMessages,
  audioOfText,
  deepgramListenV1,
  elevenlabsStreamInput,
  openaiResponses,
  type ScriptedReply,
  StandIn,
  textOfAudio,
} from "@roomkit/provider-standins";
import { energyVad } from "@roomkit/vad-energy";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until as untilWithin } from "./speech.fixture.ts";
import { RATE, V1Client } from "./v1-client.fixture.ts";

/** Long enough for a VAD to believe in: each character lasts 20 ms. */
const HELLO = "hello there my good old friend from school";
const AGAIN = "would you be so kind as to say that once more";
const key = "a-key-that-opens-nothing";
const script = ({ userText }: { readonly userText: string }): ScriptedReply => ({
  text: [`You said ${userText}. `, "Is there ", "anything else?"],
});

let standIn: StandIn;
let cleanUp: (() => Promise<void>)[] = [];
beforeEach(async () => {
  standIn = await StandIn.start(
    anthropicMessages({ script }),
    openaiResponses({ script }),
    deepgramListenV1(),
    elevenlabsStreamInput(),
  );
}, 60_000);
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
  cleanUp = [];
  await standIn.close();
});

/** A server whose recogniser, model and voice are three vendors, each through its real SDK, and one caller on the line. */
async function call(ai?: AIProvider, ...typed: readonly string[]) {
  const baseURL = standIn.url;
  const claude = anthropicAI({ model: "claude-haiku-4-5", apiKey: key, baseURL, retry: { retries: 0 } });
  const backend = new WebSocketBackend();
  const kit = new RoomKit();
  kit.registerChannel(
    new VoiceChannel("voice", {
      backend,
      pipeline: audioPipeline({ vad: energyVad({ silenceThresholdMs: 400 }) }),
      stt: deepgramStt({ apiKey: key, baseURL }),
      tts: elevenlabsTts({ apiKey: key, baseURL, voice: "JBFqnCBsd6RMkjVDRZzb", sampleRate: RATE }),
    }),
  );
  kit.registerChannel(
    new AIChannel("ai", { provider: ai ?? claude, retry: false, fallbackText: "Sorry, say that again." }),
  );
  const server = createServer();
  let roomId = "";
  mountVoice(server, backend, {
    allowAnonymous: true,
    sessionFactory: async () => {
      roomId = (await kit.createRoom()).id;
      await kit.attachChannel(roomId, "voice");
      await kit.attachChannel(roomId, "ai", { category: ChannelCategory.INTELLIGENCE });
      const session = await backend.connect(roomId, "caller", "voice");
      await kit.join(roomId, "voice", { session });
      return session;
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new V1Client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...typed);
  cleanUp.push(async () => {
    client.close();
    await kit.close();
    server.close();
  });
  const log = async (): Promise<string[]> =>
    (await kit.timeline(roomId))
      .filter((e: RoomEvent) => e.content.type === "text")
      .map((e: RoomEvent) => `${e.source.role}: ${eventText(e)}`);
  return { client, log };
}

const until: typeof untilWithin = (what, look) => untilWithin(what, look, 15_000);
/** Connected, and quiet for a moment: a VAD takes what it hears first for the noise of the room. */
async function lineOpen(client: V1Client): Promise<void> {
  await until("the line", () => client.messages.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 700));
}
const say = (client: V1Client, text: string): void => client.say(audioOfText(text, RATE));
const spoken = (client: V1Client): string => textOfAudio(client.sound, RATE);

describe("a whole call through Deepgram, Claude and ElevenLabs", { timeout: 60_000 }, () => {
  it("goes from the browser's protocol to the vendors and back, word for word", async () => {
    const { client, log } = await call();
    await lineOpen(client);
    say(client, HELLO);
    await until("the answer", async () => (await log()).length >= 2);
    expect(await log()).toEqual([`user: ${HELLO}`, `assistant: You said ${HELLO}. Is there anything else?`]);
    expect(client.transcripts("user")).toEqual([HELLO]);
    // What came out of the speaker, sample for sample: the stand-in's audio tells its own text.
    expect(spoken(client).replace(/\s+/g, " ").trim()).toBe(`You said ${HELLO}. Is there anything else?`);
    await standIn.expectClean();
  });

  it("answers what was typed before the session was there", async () => {
    const { client, log } = await call(undefined, HELLO);
    await until("the line", () => client.messages.length > 0);
    await until("the answer", async () => (await log()).length >= 2);
    expect(await log()).toEqual([`user: ${HELLO}`, `assistant: You said ${HELLO}. Is there anything else?`]);
  });

  it("a model that dies in the middle of a sentence is heard as far as it came, and the call lives", async () => {
    const { client, log } = await call();
    await lineOpen(client);
    standIn.fault({ route: "anthropic.messages", kind: "cut", after: 5 });
    say(client, HELLO);
    await until("the first answer", async () => (await log()).length >= 2);
    say(client, AGAIN);
    await until("the second answer", async () => (await log()).length >= 4);
    expect((await log()).at(-1)).toBe(`assistant: You said ${AGAIN}. Is there anything else?`);
    expect(client.closed).toBe(false);
  });

  it("a model that refuses is apologised for once", async () => {
    const { client, log } = await call();
    await lineOpen(client);
    standIn.fault({ route: "anthropic.messages", kind: "status", status: 529 });
    say(client, HELLO);
    await until("the apology", async () => (await log()).length >= 2);
    expect((await log())[1]).toBe("assistant: Sorry, say that again.");
    say(client, AGAIN);
    await until("the answer", async () => (await log()).length >= 4);
  });

  it("another model takes over where the first broke off", async () => {
    const switches: string[] = [];
    const { client, log } = await call(
      withFallback(
        [
          anthropicAI({ model: "claude-haiku-4-5", apiKey: key, baseURL: standIn.url, retry: { retries: 0 } }),
          openaiAI({ model: "gpt-5-mini", apiKey: key, baseURL: `${standIn.url}/v1` }),
        ],
        { onSwitch: ({ from, to }) => switches.push(`${from} -> ${to}`) },
      ),
    );
    await lineOpen(client);
    standIn.fault({ route: "anthropic.messages", kind: "status", status: 503 });
    say(client, HELLO);
    await until("the answer", async () => (await log()).length >= 2);
    expect((await log())[1]).toBe(`assistant: You said ${HELLO}. Is there anything else?`);
    expect(switches).toEqual(["anthropic -> openai"]);
  });

  it("a voice that dies is reported, and the next answer is spoken", async () => {
    const { client, log } = await call();
    await lineOpen(client);
    standIn.fault({ route: "elevenlabs.stream-input", kind: "close", after: 2, code: 1011, reason: "made up" });
    say(client, HELLO);
    await until("the end of the first answer", async () => (await log()).length >= 2);
    say(client, AGAIN);
    await until("the second answer", async () => (await log()).length >= 4);
    // The model is told that its last answer was not heard to its end, and echoes that too.
    expect((await log()).at(-1)).toContain(`${AGAIN}. Is there anything else?`);
  });

  it("a recogniser that is lost in the middle of a word hears all of it again", async () => {
    const { client, log } = await call();
    await lineOpen(client);
    standIn.fault({ route: "deepgram.listen.v1", kind: "cut", after: 1 });
    say(client, HELLO);
    await until("the answer", async () => (await log()).length >= 2);
    expect((await log())[0]).toBe(`user: ${HELLO}`);
  });
});
