import { afterEach, describe, expect, it } from "vitest";
import { StandIn } from "../server/stand-in.ts";
import type { ScriptedReply } from "./ai-script.ts";
import { anthropicMessages } from "./anthropic/messages.ts";
import { openaiResponses } from "./openai/responses.ts";
import { openaiSpeech } from "./openai/speech.ts";
import { openaiTranscriptions } from "./openai/transcriptions.ts";
import { audioOfText, textOfAudio } from "./speech-audio.ts";
import { readWav } from "./wav.ts";

// These tests speak HTTP by hand: the SDKs are what the stand-ins are made for, not what shows that they are right.

const everything: ScriptedReply = {
  reasoning: ["let me ", "think"],
  text: ["one ", "two"],
  toolCalls: [
    { name: "look_up", arguments: '{"city":"Köln","days":3}' },
    { name: "no_arguments", arguments: "" },
  ],
  usage: { input: 11, output: 7, cached: 3 },
};

let standIn: StandIn;
afterEach(() => standIn.close());

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(standIn.url + path, {
    method: "POST",
    headers: {
      authorization: "Bearer k",
      "content-type": "application/json",
      "anthropic-version": "2026-10-21",
      ...headers,
    },
    body: JSON.stringify(body),
  });
const events = async (response: Response): Promise<{ type: string }[]> =>
  (await response.text()).split("\n\n").flatMap((block) => {
    const data = /^data: (.*)$/m.exec(block)?.[1];
    return data ? [JSON.parse(data) as { type: string }] : [];
  });

describe("anthropic.messages", () => {
  const body = { model: "claude-haiku-4-5", max_tokens: 10, stream: true, messages: [{ role: "user", content: "hi" }] };

  it("sends events that are the SDK's types, whatever the script", async () => {
    const replies: ScriptedReply[] = [
      everything,
      { text: [] },
      { finish: "length", text: ["a"] },
      { finish: "content-filter" },
    ];
    standIn = await StandIn.start(anthropicMessages({ script: () => replies.shift() ?? {} }));
    for (let i = replies.length; i > 0; i--) {
      const got = await events(await post("/v1/messages", body));
      expect(got[0]?.type).toBe("message_start");
      expect(got.at(-1)?.type).toBe("message_stop");
    }
    await standIn.expectClean();
  });

  const call = { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "f", input: {} }] };
  const result = { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "r" }] };
  const user = { role: "user", content: "hi" };
  const tools = [{ name: "f", input_schema: { type: "object" } }];

  it.each([
    ["a tool loop", { messages: [user, call, result], tools }],
    [
      "thinking sent back",
      {
        messages: [
          user,
          { role: "assistant", content: [{ type: "thinking", thinking: "", signature: "s" }, ...call.content] },
          result,
        ],
        tools,
        thinking: { type: "adaptive" },
      },
    ],
  ])("accepts %s", async (_name, change) => {
    standIn = await StandIn.start(anthropicMessages());
    expect((await post("/v1/messages", { ...body, ...change })).status).toBe(200);
    await standIn.expectClean();
  });

  it.each([
    ["a property it does not know", { temperature: 1 }, /temperature|additional/],
    [
      "a conversation that begins with the assistant",
      { messages: [{ role: "assistant", content: "a" }, user] },
      /first message/,
    ],
    ["one that ends with the assistant", { messages: [user, { role: "assistant", content: "a" }] }, /last message/],
    ["empty text", { messages: [{ role: "user", content: " " }] }, /non-whitespace/],
    ["a call without result", { messages: [user, call, user], tools }, /without tool_result/],
    [
      "a result without call",
      { messages: [user, { role: "assistant", content: "a" }, result] },
      /unexpected tool_use_id/,
    ],
    ["calls without tools", { messages: [user, call, result] }, /tools: required/],
    [
      "a result after text",
      { messages: [user, call, { role: "user", content: [{ type: "text", text: "t" }, ...result.content] }], tools },
      /come first/,
    ],
    ["lost thinking", { messages: [user, call, result], tools, thinking: { type: "adaptive" } }, /expected thinking/],
  ])("refuses %s", async (_name, change, complaint) => {
    standIn = await StandIn.start(anthropicMessages());
    expect((await post("/v1/messages", { ...body, ...change })).status).toBe(400);
    expect(standIn.violations.join()).toMatch(complaint);
  });

  it("refuses requests without key or version", async () => {
    standIn = await StandIn.start(anthropicMessages());
    expect((await post("/v1/messages", body, { authorization: "" })).status).toBe(400);
    expect((await post("/v1/messages", body, { "anthropic-version": "" })).status).toBe(400);
    expect(standIn.violations.join()).toMatch(/no key.*anthropic-version/);
  });
});

describe("openai.responses", () => {
  const body = { model: "gpt-5", stream: true, input: [{ role: "user", content: "hi" }] };

  it("sends events that are the SDK's types, whatever the script", async () => {
    const replies: ScriptedReply[] = [
      everything,
      { text: [] },
      { finish: "length", text: ["a"] },
      { finish: "content-filter" },
    ];
    standIn = await StandIn.start(openaiResponses({ script: () => replies.shift() ?? {} }));
    const wanted = { ...body, store: false, include: ["reasoning.encrypted_content"], reasoning: { summary: "auto" } };
    for (let i = replies.length; i > 0; i--) {
      const got = await events(await post("/v1/responses", wanted));
      expect(got[0]?.type).toBe("response.created");
      expect(got.at(-1)?.type).toMatch(/^response\.(completed|incomplete)$/);
      expect(got.map((event) => (event as { sequence_number?: number }).sequence_number)).toEqual(
        got.map((_, at) => at),
      );
    }
    await standIn.expectClean();
  });

  const call = { type: "function_call", call_id: "c1", name: "f", arguments: "{}" };
  const result = { type: "function_call_output", call_id: "c1", output: "r" };
  const user = { role: "user", content: "hi" };
  const reasoning = { type: "reasoning", id: "rs_1", summary: [] };

  it.each([
    ["a property it does not know", { max_tokens: 1 }, /additional/],
    ["no input", { input: [] }, /at least one/],
    ["a call without result", { input: [user, call] }, /no tool output/],
    ["a result without call", { input: [user, result] }, /no tool call found/],
    [
      "reasoning that is neither stored nor sent",
      { store: false, input: [user, reasoning, call, result] },
      /encrypted_content/,
    ],
    ["reasoning alone", { input: [user, reasoning] }, /without the item/],
  ])("refuses %s", async (_name, change, complaint) => {
    standIn = await StandIn.start(openaiResponses());
    expect((await post("/v1/responses", { ...body, ...change })).status).toBe(400);
    expect(standIn.violations.join()).toMatch(complaint);
  });

  it("tells the script what was said and what tools gave", async () => {
    const seen: unknown[] = [];
    standIn = await StandIn.start(
      openaiResponses({
        script: ({ userText, toolResults }) => {
          seen.push([userText, toolResults]);
          return {};
        },
      }),
    );
    await (await post("/v1/responses", { ...body, input: [user, call, result] })).text();
    await standIn.expectClean();
    expect(seen).toEqual([["hi", ["r"]]]);
  });
});

describe("openai.speech", () => {
  it("speaks a text that can be read back, in chunks that split samples", async () => {
    standIn = await StandIn.start(openaiSpeech());
    const body = { model: "gpt-4o-mini-tts", voice: "marin", input: "Hello there, Köln!", response_format: "pcm" };
    const bytes = Buffer.from(await (await post("/v1/audio/speech", body)).arrayBuffer());
    const samples = new Int16Array(new Uint8Array(bytes).buffer);
    expect(textOfAudio(samples, 24_000)).toBe("Hello there, Köln!");
    await standIn.expectClean();
    expect((await post("/v1/audio/speech", { ...body, input: "" })).status).toBe(400);
    expect((await post("/v1/audio/speech", { ...body, input: "x".repeat(4097) })).status).toBe(400);
    expect((await post("/v1/audio/speech", { ...body, speed: 9 })).status).toBe(400);
    expect((await post("/v1/audio/speech", { ...body, voice: 3 })).status).toBe(400);
  });
});

describe("openai.transcriptions", () => {
  const wav = (samples: Int16Array, rate: number): Uint8Array => {
    const file = Buffer.alloc(44 + samples.length * 2);
    file.write("RIFF", 0);
    file.writeUInt32LE(36 + samples.length * 2, 4);
    file.write("WAVEfmt ", 8);
    file.writeUInt32LE(16, 16);
    file.writeUInt16LE(1, 20);
    file.writeUInt16LE(1, 22);
    file.writeUInt32LE(rate, 24);
    file.writeUInt16LE(16, 34);
    file.write("data", 36);
    file.writeUInt32LE(samples.length * 2, 40);
    samples.forEach((sample, i) => {
      file.writeInt16LE(sample, 44 + i * 2);
    });
    return file;
  };
  const upload = (fields: Record<string, string>, file?: Uint8Array): Promise<Response> => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    if (file) form.set("file", new Blob([new Uint8Array(file)]), "a.wav");
    return fetch(`${standIn.url}/v1/audio/transcriptions`, {
      method: "POST",
      headers: { authorization: "Bearer k" },
      body: form,
    });
  };
  const speech = wav(audioOfText("seven words", 16_000), 16_000);
  const script = ({ samples, sampleRate }: { samples: Int16Array; sampleRate: number }): string =>
    textOfAudio(samples, sampleRate);

  it("streams, or not, what the script hears", async () => {
    standIn = await StandIn.start(openaiTranscriptions({ script }));
    const streamed = await events(await upload({ model: "gpt-4o-transcribe", stream: "true", language: "en" }, speech));
    expect(streamed.map(({ type }) => type)).toEqual([
      "transcript.text.delta",
      "transcript.text.delta",
      "transcript.text.done",
    ]);
    expect(streamed.at(-1)).toMatchObject({ text: "seven words" });
    const whole = await upload({ model: "whisper-1", stream: "true" }, speech);
    expect(await whole.json()).toEqual({ text: "seven words" });
    await standIn.expectClean();
  });

  it("refuses forms that break a rule", async () => {
    standIn = await StandIn.start(openaiTranscriptions({ script }));
    const model = "gpt-4o-transcribe";
    for (const [fields, file, complaint] of [
      [{ model }, undefined, /field required/],
      [{}, speech, /model/],
      [{ model, language: "en-US" }, speech, /ISO 639-1/],
      [{ model, response_format: "verbose_json" }, speech, /not compatible/],
      [{ model }, wav(new Int16Array(10), 16_000), /too short/],
      [{ model }, Buffer.from("RIFF"), /not a WAV/],
    ] as const) {
      expect((await upload(fields as Record<string, string>, file)).status).toBe(400);
      expect(standIn.violations.at(-1)).toMatch(complaint);
    }
  });
});

describe("readWav", () => {
  it("refuses what is cut off or not linear PCM", async () => {
    standIn = await StandIn.start();
    for (const bad of [new Uint8Array(10), Buffer.from("RIFF----WAVEfmt ".padEnd(60, "\0"))]) {
      expect(() => readWav(bad)).toThrow(expect.objectContaining({ code: "invalid_audio" }));
    }
  });
});
