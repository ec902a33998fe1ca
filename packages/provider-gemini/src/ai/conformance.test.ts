import type { AIPart } from "@roomkit/core";
import {
  geminiGenerate,
  type Operation,
  providerFaultMatrix,
  type ScriptedReply,
  type ScriptedRequest,
  StandIn,
} from "@roomkit/provider-standins";
import { aiConformance, VirtualClock } from "@roomkit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { geminiAI } from "./gemini-ai.ts";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start(geminiGenerate({ script }));
});
afterAll(async () => {
  await standIn.expectClean();
  await standIn.close();
});

function script({ userText, toolResults, body }: ScriptedRequest): ScriptedReply {
  const { tools } = body as { tools?: unknown };
  if (toolResults.length > 0) return { text: ["It says ", toolResults.join()] };
  if (!tools) return { text: `You said: ${userText}.`.split(/(?= )/) };
  return {
    reasoning: ["the weather, ", "then"],
    toolCalls: [{ name: "weather", arguments: JSON.stringify({ city: userText.split(" ").at(-1) }) }],
  };
}

const weather = {
  name: "weather",
  description: "Tells the weather of a city.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const connection = () => ({ apiKey: "conformance-key", baseURL: standIn.url, model: "gemini-2.5-flash" });

describe("geminiAI", () => {
  const prompts = ["one apple", "two pears"].map((text) => ({
    text,
    matches: (answer: string) => answer === `You said: ${text}.`,
  }));
  const cases = aiConformance({
    create: () => geminiAI(connection()),
    prompts: prompts as never,
    open: () => standIn.openExchanges,
    tool: {
      definition: weather,
      prompt: "How is the weather in Köln",
      matches: (args) => (args as { city?: unknown }).city === "Köln",
      result: "rain, 12 °C",
    },
  });
  for (const { name, run } of cases) it(name, run);

  it("returns the signature of a call with its result", async () => {
    const ai = geminiAI(connection());
    const { signal } = new AbortController();
    const ask = { role: "user" as const, content: "weather in Rome" };
    const parts: AIPart[] = [];
    for await (const part of ai.generate({ messages: [ask], tools: [weather] }, { signal })) parts.push(part);
    const call = parts.find((part) => part.type === "tool-call");
    const finish = parts.at(-1);
    if (call?.type !== "tool-call" || finish?.type !== "finish") throw new Error("no call");
    expect(finish.providerData).toEqual({ gemini: { signatures: { [call.id]: expect.any(String) } } });
    const { type: _type, ...toolCall } = call;
    const messages = [
      ask,
      { role: "assistant" as const, content: "", toolCalls: [toolCall], providerData: finish.providerData },
      { role: "tool" as const, toolCallId: call.id, toolName: "weather", content: "sun" },
    ];
    for await (const _part of ai.generate({ messages, tools: [weather] }, { signal }));
    expect(standIn.received().at(-1)).toMatchObject({
      contents: [
        { role: "user", parts: [{ text: "weather in Rome" }] },
        { role: "model", parts: [{ functionCall: { name: "weather" }, thoughtSignature: expect.any(String) }] },
        { role: "user", parts: [{ functionResponse: { name: "weather", response: { output: "sun" } } }] },
      ],
    });
  });
});

describe("geminiAI over a faulty network", () => {
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [geminiGenerate({ script: ({ userText }) => ({ text: ["one ", "two ", "three ", userText] }) })],
    operate: ({ standIn: server, key, signal, variant, ...limits }: Operation) =>
      geminiAI({ model: "gemini-2.5-flash", apiKey: key, baseURL: server.url, ...limits }).generate(
        { messages: [{ role: "user", content: `number ${variant}` }] },
        { signal },
      ),
    complete: (items, variant) => {
      const parts = items as AIPart[];
      const text = parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");
      return text === `one two three number ${variant}` && parts.at(-1)?.type === "finish";
    },
    frames: 5,
    malformed: "data: {nonsense\r\n\r\n",
  });
  // The SDK gives no header of a refusal; this vendor asks for patience in the body.
  const inHeaders = /how long the vendor asks|as long as the vendor asks/;
  for (const { name, run } of cases) if (!inHeaders.test(name)) it(name, run);

  it.each([
    [429, "Quota exceeded, please retry", "provider_rate_limit", 34_400],
    [400, "API key not valid. Please pass a valid API key.", "provider_auth", undefined],
  ])("reads the body of a refusal with %d: %s", async (status, message, code, retryAfterMs) => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.4s" }];
    const error = { code: status, message, status: "MADE_UP", ...(retryAfterMs === undefined ? {} : { details }) };
    standIn.fault({ kind: "status", status, body: { error } });
    const { signal } = new AbortController();
    const parts: AIPart[] = [];
    const request = { messages: [{ role: "user" as const, content: "hello" }] };
    for await (const part of geminiAI(connection()).generate(request, { signal })) parts.push(part);
    expect(parts).toMatchObject([{ type: "error", error: { code, ...(retryAfterMs ? { retryAfterMs } : {}) } }]);
    expect(JSON.stringify(parts)).not.toContain("conformance-key");
  });
});
