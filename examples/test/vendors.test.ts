import { mulaw } from "@roomkit/codec-mulaw";
import {
  anthropicMessages,
  audioOfText,
  deepgramListenV1,
  elevenlabsStreamInput,
  geminiLiveRoute,
  openaiRealtimeRoute,
  type ScriptedReply,
  StandIn,
} from "@roomkit/provider-standins";
import { expect, it } from "vitest";
import { PhoneClient } from "../../apps/demo-server/test/phone-client.fixture.ts";
import { resample, spoken, until as untilWithin } from "../../apps/demo-server/test/speech.fixture.ts";
import { RATE, V1Client } from "../../apps/demo-server/test/v1-client.fixture.ts";
import { run } from "./program.fixture.ts";

const until: typeof untilWithin = (what, look) => untilWithin(what, look, 60_000);
/** Long enough for a VAD to believe in: each character lasts 20 ms. */
const HELLO = "hello there my good old friend from school";
const script = ({ userText }: { readonly userText: string }): ScriptedReply => ({
  text: [`You said ${userText}. `, "Is there anything else?"],
});
const said = (client: V1Client, role: "user" | "assistant", what: string): Promise<string> =>
  until(`"${what}" by the ${role}`, () => client.transcripts(role).find((text) => text.includes(what))).catch(
    (error: Error) => {
      throw new Error(`${error.message}; there was: ${client.transcripts(role).join(" | ")}`);
    },
  );
const statesOf = (client: V1Client): string =>
  client.messages.flatMap(({ type, state }) => (type === "state" ? [String(state)] : [])).join(" ");
const isLoud = (client: V1Client): boolean => client.sound.some((sample) => Math.abs(sample) > 1_000);
/** The vendor finds the speech; its words do not survive another rate. */
const transcribe = (samples: Int16Array, sampleRate: number): string =>
  samples.length > sampleRate / 2 && samples.some((sample) => Math.abs(sample) > 1_000) ? HELLO : "too little";
const opened = (client: V1Client): Promise<true> =>
  until("the call", () => client.messages.some(({ event }) => event === "ready") || undefined);

const keys = Object.fromEntries(
  ["DEEPGRAM", "ANTHROPIC", "ELEVENLABS", "OPENAI", "GEMINI"].map((name) => [`${name}_API_KEY`, "opens-nothing"]),
);
/** Of a call and of those it waits behind. */
const TIMEOUT_MS = 300_000;

it.concurrent("deepgram-claude-elevenlabs: three SDKs in a call", { timeout: TIMEOUT_MS }, async () => {
  await using standIn = await StandIn.start(anthropicMessages({ script }), deepgramListenV1(), elevenlabsStreamInput());
  const env = {
    ...keys,
    DEEPGRAM_BASE_URL: standIn.url,
    ANTHROPIC_BASE_URL: standIn.url,
    ELEVENLABS_BASE_URL: standIn.url,
  };
  await run(
    "deepgram-claude-elevenlabs.ts",
    async ({ url }) => {
      const client = new V1Client(url);
      await said(client, "assistant", "what can I do for you");
      // What is said over it goes through the echo guard, which may leave a letter a little lower.
      await until("the end of the greeting", () => /speaking.*listening$/.test(statesOf(client)) || undefined);
      client.say(audioOfText(HELLO, RATE));
      await said(client, "user", HELLO);
      await said(client, "assistant", `${HELLO}. Is there anything else?`);
      const asked = standIn.received("elevenlabs.stream-input").map((frame) => (frame as { text?: string }).text ?? "");
      expect(asked.join("")).toContain(HELLO);
      await until("its sound", () => isLoud(client));
      client.close();
    },
    { env },
  );
  expect(standIn.violations).toEqual([]);
});

it.concurrent.each([
  ["openai-realtime.ts", () => openaiRealtimeRoute({ script, transcribe, pieceMs: 20 }), "OPENAI_BASE_URL"],
  ["gemini-live.ts", () => geminiLiveRoute({ script, pieceMs: 20 }), "GOOGLE_GEMINI_BASE_URL"],
] as const)("%s: one model hears and speaks", { timeout: TIMEOUT_MS }, async (file, route, variable) => {
  await using standIn = await StandIn.start(route());
  await run(
    file,
    async (program) => {
      const client = new V1Client(program.url);
      await opened(client);
      client.say(audioOfText(HELLO, RATE));
      await said(client, "user", HELLO);
      await said(client, "assistant", `You said ${HELLO}. Is there anything else?`);
      await program.prints(`assistant: You said ${HELLO}.`);
      await until("its sound", () => isLoud(client));
      client.close();
    },
    { env: { ...keys, [variable]: standIn.url } },
  );
  expect(standIn.violations).toEqual([]);
});

const account = { authToken: "12345", publicUrl: "https://voice.example" };
const phone = { PUBLIC_URL: account.publicUrl, TWILIO_AUTH_TOKEN: account.authToken };
const caller = { from: "+4930123456", to: "+493098765", sid: "1" };

it.concurrent("twilio.ts: a number answered by recogniser, model and voice, and only for who signs", {
  timeout: TIMEOUT_MS,
}, async () => {
  const question = resample(await spoken("What is the capital of France?"), 8_000);
  await run(
    "twilio.ts",
    async (program) => {
      await expect(PhoneClient.call(program.url, { ...account, authToken: "guessed" }, caller)).rejects.toThrow(
        /40[13]/,
      );
      const client = await PhoneClient.call(program.url, account, caller);
      await program.prints(/this is the bicycle shop/);
      client.say(question);
      await program.prints(/^\+4930123456: .*capital of France/im);
      await program.prints(/Paris/);
      expect(client.strange).toEqual([]);
      expect(client.marksReturned).toBeGreaterThan(0);
      await client.hangUp();
    },
    { env: phone },
  );
});

it.concurrent("twilio.ts: the same number answered by a speech-to-speech model, in the telephone's own codec", {
  timeout: TIMEOUT_MS,
}, async () => {
  await using standIn = await StandIn.start(openaiRealtimeRoute({ script, transcribe, codec: mulaw() }));
  await run(
    "twilio.ts",
    async (program) => {
      const client = await PhoneClient.call(program.url, account, caller);
      await program.prints(/You said/);
      client.say(audioOfText(HELLO, 8_000));
      await program.prints(`+4930123456: ${HELLO}`);
      await program.prints(`You said ${HELLO}`);
      expect(client.strange).toEqual([]);
      await client.hangUp();
    },
    { env: { ...keys, ...phone, MODE: "realtime", OPENAI_BASE_URL: standIn.url } },
  );
  expect(standIn.violations).toEqual([]);
});
