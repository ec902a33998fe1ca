import { inspect } from "node:util";
import type { AIMessage, AIPart, AIRequest } from "@roomkit/core";
import { anthropicMessages, type ScriptedReply, StandIn } from "@roomkit/provider-standins";
import { afterEach, describe, expect, it, vi } from "vitest";
import { anthropicAI } from "./anthropic-ai.ts";
import type { AnthropicAIOptions } from "./options.ts";
import { bodyOf } from "./request.ts";

let standIn: StandIn | undefined;
afterEach(async () => {
  await standIn?.close();
  standIn = undefined;
});

const request: AIRequest = { messages: [{ role: "user", content: "hi" }] };

async function ask(
  reply: ScriptedReply,
  options: Partial<AnthropicAIOptions> = {},
  asked = request,
): Promise<AIPart[]> {
  standIn ??= await StandIn.start(anthropicMessages({ script: () => reply }));
  const provider = anthropicAI({ model: "claude-haiku-4-5", apiKey: "test-key", baseURL: standIn.url, ...options });
  const parts: AIPart[] = [];
  for await (const part of provider.generate(asked, { signal: new AbortController().signal })) parts.push(part);
  return parts;
}

describe("an answer", () => {
  it("has thinking apart from text, calls with parsed arguments, usage, and data to return", async () => {
    const parts = await ask({
      reasoning: ["hm, ", "so"],
      text: ["Let me ", "look."],
      toolCalls: [
        { id: "toolu_a", name: "look_up", arguments: '{"q":"späť","n":[1,2]}' },
        { id: "toolu_b", name: "now", arguments: "" },
      ],
      usage: { input: 11, output: 7, cached: 100 },
    });
    await standIn?.expectClean();
    expect(parts).toEqual([
      { type: "reasoning-delta", text: "hm, " },
      { type: "reasoning-delta", text: "so" },
      { type: "text-delta", text: "Let me " },
      { type: "text-delta", text: "look." },
      { type: "tool-call", id: "toolu_a", name: "look_up", arguments: { q: "späť", n: [1, 2] } },
      { type: "tool-call", id: "toolu_b", name: "now", arguments: {} },
      {
        type: "finish",
        reason: "tool-calls",
        usage: { inputTokens: 111, outputTokens: 7, cachedInputTokens: 100 },
        providerData: { anthropic: { thinking: [{ type: "thinking", thinking: "hm, so", signature: "sig_000001" }] } },
      },
    ]);
  });

  it.each([
    ["stop", "stop"],
    ["length", "length"],
    ["content-filter", "content-filter"],
  ] as const)("that ends with %s finishes with %s", async (finish, reason) => {
    expect((await ask({ text: ["a"], finish })).at(-1)).toMatchObject({ type: "finish", reason });
  });

  it("with arguments that are not JSON is an error, which does not show them", async () => {
    const parts = await ask({ text: ["a"], toolCalls: [{ name: "f", arguments: '{"name":"Alice Secretson' }] });
    expect(parts.at(-1)).toMatchObject({
      type: "error",
      error: { kind: "protocol", vendorCode: "invalid_tool_arguments" },
    });
    expect(inspect(parts, { depth: 9 })).not.toContain("Secretson");
  });

  it("that the SDK cannot parse is not logged", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    standIn = await StandIn.start(anthropicMessages());
    standIn.fault({ kind: "malformed", after: 3, bytes: "event: content_block_delta\ndata: {Alice Secretson\n\n" });
    const parts = await ask({}, { retry: { retries: 0 } });
    expect(parts.at(-1)).toMatchObject({ type: "error", error: { kind: "protocol" } });
    expect(error).not.toHaveBeenCalled();
    error.mockRestore();
  });

  it("says quota when the credit is spent, which comes as a 400", async () => {
    standIn = await StandIn.start(anthropicMessages());
    const message = "Your credit balance is too low to access the API.";
    standIn.fault({
      kind: "status",
      status: 400,
      body: { type: "error", error: { type: "invalid_request_error", message } },
    });
    expect((await ask({})).at(-1)).toMatchObject({ type: "error", error: { kind: "quota", retryable: false } });
  });

  it("is tried again when the vendor is overloaded before the first word, and says so in the log without the text", async () => {
    standIn = await StandIn.start(anthropicMessages());
    standIn.fault({ kind: "inband-error", after: 2 });
    const warn = vi.fn();
    const logger = { debug() {}, info() {}, warn, error() {} };
    const parts = await ask({}, { retry: { retries: 1, baseMs: 1, maxMs: 1 }, logger });
    expect(parts.at(-1)?.type).toBe("finish");
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      { provider: "anthropic", attempt: 1, waitMs: 1, code: "provider_overloaded", name: "APIError" },
      expect.any(String),
    );
    await standIn.expectClean();
  });
});

describe("a request", () => {
  const body = (messages: AIMessage[], options: Partial<AnthropicAIOptions> = {}, more: Partial<AIRequest> = {}) =>
    bodyOf({ messages, ...more }, { model: "m", ...options });
  const user = (content: string): AIMessage => ({ role: "user", content });
  const call = { id: "t1", name: "f", arguments: { a: 1 } };
  const result: AIMessage = { role: "tool", toolCallId: "t1", toolName: "f", content: "r" };

  it("carries what the options and the request say", () => {
    const parameters = { properties: { a: { type: "number" } } };
    expect(
      body(
        [user("hi")],
        { maxOutputTokens: 50, thinking: { type: "disabled" }, effort: "low" },
        {
          system: "Be brief.",
          temperature: 0.3,
          tools: [{ name: "f", description: "d", parameters }],
          toolChoice: "required",
          providerOptions: { metadata: { user_id: "u" } },
        },
      ),
    ).toEqual({
      model: "m",
      max_tokens: 50,
      stream: true,
      system: "Be brief.",
      cache_control: { type: "ephemeral" },
      thinking: { type: "disabled" },
      output_config: { effort: "low" },
      tools: [{ name: "f", description: "d", input_schema: { type: "object", ...parameters } }],
      tool_choice: { type: "any" },
      metadata: { user_id: "u" },
      messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
    });
    expect(body([user("hi")], { promptCaching: false }, { maxOutputTokens: 7, system: " " })).toEqual({
      model: "m",
      max_tokens: 7,
      stream: true,
      messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
    });
  });

  it("joins what users and tools say in a row, results first, and leaves blanks out", () => {
    const messages = [
      user("a"),
      user(" "),
      user("b"),
      { role: "assistant", content: "", toolCalls: [call] },
      user("wait"),
      result,
    ] as const;
    expect(body([...messages]).messages).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
      { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "f", input: { a: 1 } }] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t1", content: "r" },
          { type: "text", text: "wait" },
        ],
      },
    ]);
  });

  it("opens a conversation that the assistant began, and forgets what nobody heard", () => {
    const messages: AIMessage[] = [
      { role: "assistant", content: "Hello! " },
      user("hi"),
      { role: "assistant", content: "" },
      user("you there?"),
    ];
    expect(
      body(messages).messages.map(({ role, content }) => [
        role,
        typeof content === "string" ? content : content.length,
      ]),
    ).toEqual([
      ["user", "(The call begins.)"],
      ["assistant", 1],
      ["user", 2],
    ]);
    expect(body(messages, { openingText: "(ring)" }).messages[0]).toEqual({ role: "user", content: "(ring)" });
    expect(() => body([user(" ")])).toThrow(expect.objectContaining({ code: "invalid_request" }));
    expect(() => body([user("a"), { role: "assistant", content: "b" }])).toThrow(
      expect.objectContaining({ code: "invalid_request" }),
    );
  });

  it("returns thinking of its own with the calls it led to, and nothing of other providers", () => {
    const thinking = { type: "thinking", thinking: "t", signature: "s" } as const;
    const turn = (providerData: unknown): AIMessage => ({
      role: "assistant",
      content: "ok",
      toolCalls: [call],
      providerData,
    });
    const blocks = (providerData: unknown, options: Partial<AnthropicAIOptions> = {}): unknown[] => {
      const content = body([user("a"), turn(providerData), result], options).messages[1]?.content ?? [];
      return (content as { type: string }[]).map(({ type }) => type);
    };
    const own = { anthropic: { thinking: [thinking] } };
    expect(blocks(own)).toEqual(["thinking", "text", "tool_use"]);
    expect(blocks(own, { thinking: { type: "disabled" } })).toEqual(["text", "tool_use"]);
    for (const foreign of [undefined, null, { openai: {} }, "x", { anthropic: { thinking: 3 } }]) {
      expect(blocks(foreign)).toEqual(["text", "tool_use"]);
    }
    const spoken: AIMessage = { role: "assistant", content: "heard", providerData: own };
    expect(body([user("a"), spoken, user("b")]).messages[1]?.content).toEqual([{ type: "text", text: "heard" }]);
  });

  it("marks failed tools, and sends the headers it was told to", async () => {
    const failed = { ...result, isError: true } as AIMessage;
    expect(
      body([user("a"), { role: "assistant", content: "", toolCalls: [call] }, failed]).messages[2]?.content,
    ).toEqual([{ type: "tool_result", tool_use_id: "t1", content: "r", is_error: true }]);
    const seen: Headers[] = [];
    const spy: typeof fetch = (url, init) => {
      seen.push(new Headers(init?.headers as HeadersInit));
      return fetch(url, init);
    };
    await ask({ text: ["a"] }, { headers: { "x-tenant": "t" }, fetch: spy });
    expect(seen[0]?.get("x-tenant")).toBe("t");
    expect(seen[0]?.get("authorization")).toBe("Bearer test-key");
  });
});

describe("options", () => {
  it.each([
    [{ model: "" }, "invalid_option"],
    [{ maxOutputTokens: 0 }, "invalid_option"],
    [{ firstByteMs: -1 }, "invalid_option"],
    [{ stallMs: Number.NaN }, "invalid_option"],
    [{ openingText: " " }, "invalid_option"],
    [{ retry: { retries: 99 } }, "invalid_option"],
    [{ thinking: { type: "enabled", budget_tokens: 10 } }, "invalid_option"],
    [{ apiKey: "two words" }, "invalid_option"],
  ] as const)("refuses %j", (bad, code) => {
    expect(() => anthropicAI({ model: "m", apiKey: "k", ...(bad as Partial<AnthropicAIOptions>) })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it("takes the key from ANTHROPIC_API_KEY, names that variable when there is none, and never shows the key", () => {
    vi.stubEnv("ANTHROPIC_API_KEY", "");
    expect(() => anthropicAI({ model: "m" })).toThrow(/ANTHROPIC_API_KEY/);
    vi.stubEnv("ANTHROPIC_API_KEY", "key-from-the-environment");
    const provider = anthropicAI({ model: "m" });
    expect(inspect(provider, { depth: 9, showHidden: true }) + JSON.stringify(provider)).not.toContain(
      "key-from-the-environment",
    );
    vi.unstubAllEnvs();
  });
});
