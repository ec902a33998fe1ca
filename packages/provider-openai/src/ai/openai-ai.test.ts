import { inspect } from "node:util";
import type { AIMessage, AIPart, AIRequest } from "@roomkit/core";
import { openaiResponses, type ScriptedReply, StandIn } from "@roomkit/provider-standins";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openaiAI } from "./openai-ai.ts";
import { type OpenAIAIOptions, thinks } from "./options.ts";
import { bodyOf } from "./request.ts";

let standIn: StandIn | undefined;
afterEach(async () => {
  await standIn?.close();
  standIn = undefined;
});

const request: AIRequest = { messages: [{ role: "user", content: "hi" }] };

async function ask(reply: ScriptedReply, options: Partial<OpenAIAIOptions> = {}): Promise<AIPart[]> {
  standIn ??= await StandIn.start(openaiResponses({ script: () => reply }));
  const provider = openaiAI({ model: "gpt-5-mini", apiKey: "test-key-123", baseURL: `${standIn.url}/v1`, ...options });
  const parts: AIPart[] = [];
  for await (const part of provider.generate(request, { signal: new AbortController().signal })) parts.push(part);
  return parts;
}

describe("an answer", () => {
  it("has thinking apart from text, calls with parsed arguments, usage, and data to return", async () => {
    const parts = await ask(
      {
        reasoning: ["hm, ", "so"],
        text: ["Let me ", "look."],
        toolCalls: [
          { id: "call_a", name: "look_up", arguments: '{"q":"späť","n":[1,2]}' },
          { id: "call_b", name: "now", arguments: "" },
        ],
        usage: { input: 111, output: 7, cached: 100 },
      },
      { reasoningSummary: "auto" },
    );
    await standIn?.expectClean();
    expect(parts).toEqual([
      { type: "reasoning-delta", text: "hm, " },
      { type: "reasoning-delta", text: "so" },
      { type: "text-delta", text: "Let me " },
      { type: "text-delta", text: "look." },
      { type: "tool-call", id: "call_a", name: "look_up", arguments: { q: "späť", n: [1, 2] } },
      { type: "tool-call", id: "call_b", name: "now", arguments: {} },
      {
        type: "finish",
        reason: "tool-calls",
        usage: { inputTokens: 111, outputTokens: 7, cachedInputTokens: 100 },
        providerData: {
          openai: {
            reasoning: [
              {
                id: "rs_000001",
                type: "reasoning",
                encrypted_content: "enc_000001",
                summary: [{ type: "summary_text", text: "hm, so" }],
              },
            ],
          },
        },
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
    const parts = await ask(
      { toolCalls: [{ name: "f", arguments: '{"name":"Alice Secretson' }] },
      { retry: { retries: 0 } },
    );
    expect(parts.at(-1)).toMatchObject({
      type: "error",
      error: { kind: "protocol", vendorCode: "invalid_tool_arguments" },
    });
    expect(inspect(parts, { depth: 9 })).not.toContain("Secretson");
  });

  it.each([
    [
      "in an error event without a nested error",
      { type: "error", code: "rate_limit_exceeded", message: "slow", param: null, sequence_number: 1 },
      "rate_limit",
    ],
    [
      "in a failed response",
      { type: "response.failed", sequence_number: 1, response: { error: { code: "server_error", message: "oops" } } },
      "server",
    ],
    [
      "in a failed response that does not say why",
      { type: "response.failed", sequence_number: 1, response: { error: null } },
      "server",
    ],
  ] as const)("may report a failure %s", async (_name, frame, kind) => {
    standIn = await StandIn.start(openaiResponses());
    standIn.fault({ kind: "inband-error", after: 2, frame });
    expect((await ask({}, { retry: { retries: 0 } })).at(-1)).toMatchObject({ type: "error", error: { kind } });
  });

  it("may be a refusal, which is said and finishes as filtered", async () => {
    standIn = await StandIn.start(openaiResponses({ script: () => ({ text: ["a"] }) }));
    const frame = {
      type: "response.refusal.delta",
      delta: "I cannot. ",
      content_index: 0,
      item_id: "m",
      output_index: 0,
      sequence_number: 1,
    };
    standIn.fault({ kind: "unknown-type", after: 4, frame });
    const parts = await ask({});
    expect(parts[0]).toEqual({ type: "text-delta", text: "I cannot. " });
    expect(parts.at(-1)).toMatchObject({ type: "finish", reason: "content-filter" });
  });

  it("tells spent money from going too fast", async () => {
    standIn = await StandIn.start(openaiResponses());
    standIn.fault({
      kind: "status",
      status: 429,
      body: { error: { code: "insufficient_quota", type: "insufficient_quota", message: "spent" } },
    });
    expect((await ask({})).at(-1)).toMatchObject({ type: "error", error: { kind: "quota", retryable: false } });
    await standIn.expectClean();
  });

  it("that the SDK cannot parse is not logged", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    standIn = await StandIn.start(openaiResponses());
    standIn.fault({ kind: "malformed", after: 3, bytes: "event: x\ndata: {Alice Secretson\n\n" });
    expect((await ask({}, { retry: { retries: 0 } })).at(-1)).toMatchObject({
      type: "error",
      error: { kind: "protocol" },
    });
    expect(error).not.toHaveBeenCalled();
    error.mockRestore();
  });
});

describe("a request", () => {
  const body = (messages: AIMessage[], options: Partial<OpenAIAIOptions> = {}, more: Partial<AIRequest> = {}) =>
    bodyOf({ messages, ...more }, { model: "gpt-4.1-mini", ...options });
  const user = (content: string): AIMessage => ({ role: "user", content });
  const call = { id: "c1", name: "f", arguments: { a: 1 } };
  const result: AIMessage = { role: "tool", toolCallId: "c1", toolName: "f", content: "r" };

  it("carries what the options and the request say", () => {
    const parameters = { properties: { a: { type: "number" } } };
    expect(
      body(
        [user("hi")],
        { maxOutputTokens: 50, serviceTier: "priority", store: true },
        {
          system: "Be brief.",
          temperature: 0.3,
          tools: [{ name: "f", description: "d", parameters }],
          toolChoice: "required",
          providerOptions: { prompt_cache_key: "k" },
        },
      ),
    ).toEqual({
      model: "gpt-4.1-mini",
      max_output_tokens: 50,
      stream: true,
      store: true,
      instructions: "Be brief.",
      temperature: 0.3,
      service_tier: "priority",
      tools: [
        { type: "function", name: "f", description: "d", parameters: { type: "object", ...parameters }, strict: false },
      ],
      tool_choice: "required",
      prompt_cache_key: "k",
      input: [{ role: "user", content: "hi" }],
    });
  });

  it("asks a thinking model for its thoughts instead of a temperature", () => {
    expect(
      body([user("hi")], { model: "gpt-5-mini", reasoningEffort: "low", reasoningSummary: "auto" }, { temperature: 1 }),
    ).toEqual({
      model: "gpt-5-mini",
      max_output_tokens: 1_024,
      stream: true,
      store: false,
      reasoning: { effort: "low", summary: "auto" },
      include: ["reasoning.encrypted_content"],
      input: [{ role: "user", content: "hi" }],
    });
    expect(body([user("hi")], { model: "gpt-5-mini", store: true })).not.toHaveProperty("include");
  });

  it.each([
    ["gpt-4.1-mini", false],
    ["gpt-4o", false],
    ["gpt-5", true],
    ["gpt-5.2-mini", true],
    ["gpt-5-chat-latest", false],
    ["o4-mini", true],
    ["llama-3.3-70b", false],
  ])("%s thinks: %s", (model, expected) => {
    expect(thinks({ model })).toBe(expected);
  });

  it("leaves blanks out, keeps the order, and marks failed tools", () => {
    const messages: AIMessage[] = [
      { role: "assistant", content: "Hello!" },
      user("a"),
      user(" "),
      { role: "assistant", content: "", toolCalls: [call] },
      { ...result, isError: true } as AIMessage,
    ];
    expect(body(messages).input).toEqual([
      { role: "assistant", content: "Hello!" },
      { role: "user", content: "a" },
      { type: "function_call", call_id: "c1", name: "f", arguments: '{"a":1}' },
      { type: "function_call_output", call_id: "c1", output: "Error: r" },
    ]);
    expect(() => body([user(" ")])).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });

  it("returns thinking of its own with the calls it led to, and nothing of other providers", () => {
    const reasoning = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "e" };
    const turn = (providerData: unknown): AIMessage => ({
      role: "assistant",
      content: "ok",
      toolCalls: [call],
      providerData,
    });
    const types = (providerData: unknown, model: string): unknown[] =>
      (body([user("a"), turn(providerData), result], { model }).input as { type?: string; role?: string }[]).map(
        ({ type, role }) => type ?? role,
      );
    const own = { openai: { reasoning: [reasoning] } };
    expect(types(own, "gpt-5")).toEqual(["user", "reasoning", "assistant", "function_call", "function_call_output"]);
    expect(types(own, "gpt-4o")).not.toContain("reasoning");
    for (const foreign of [undefined, { anthropic: {} }, "x", { openai: { reasoning: 1 } }]) {
      expect(types(foreign, "gpt-5")).not.toContain("reasoning");
    }
  });
});

describe("options", () => {
  it.each([
    [{ model: "" }, "invalid_option"],
    [{ maxOutputTokens: 15 }, "invalid_option"],
    [{ firstByteMs: -1 }, "invalid_option"],
    [{ retry: { retries: -1 } }, "invalid_option"],
    [{ apiKey: "two words" }, "invalid_option"],
  ] as const)("refuses %j", (bad, code) => {
    expect(() => openaiAI({ model: "m", apiKey: "k", ...bad })).toThrow(expect.objectContaining({ code }));
  });

  it("takes the key from OPENAI_API_KEY, names that variable when there is none, and never shows the key", () => {
    vi.stubEnv("OPENAI_API_KEY", "");
    expect(() => openaiAI({ model: "m" })).toThrow(/OPENAI_API_KEY/);
    vi.stubEnv("OPENAI_API_KEY", "key-from-the-environment");
    const provider = openaiAI({ model: "m" });
    expect(inspect(provider, { depth: 9, showHidden: true }) + JSON.stringify(provider)).not.toContain(
      "key-from-the-environment",
    );
    vi.unstubAllEnvs();
  });

  it("sends organisation, project and headers, through the fetch it is given", async () => {
    const seen: Headers[] = [];
    const spy: typeof fetch = (url, init) => {
      seen.push(new Headers(init?.headers as HeadersInit));
      return fetch(url, init);
    };
    await ask({ text: ["a"] }, { organization: "org", project: "prj", headers: { "x-tenant": "t" }, fetch: spy });
    const sent = ["openai-organization", "openai-project", "x-tenant", "authorization"].map((name) =>
      seen[0]?.get(name),
    );
    expect(sent).toEqual(["org", "prj", "t", "Bearer test-key-123"]);
  });
});
