import {
  type AIMessage,
  type AIPart,
  type AIProvider,
  type AIRequest,
  assertOptions,
  type ToolDefinition,
} from "@roomkit/core";
import { settle } from "../settle.ts";
import { assertTwo, type ConformanceCase, ConformanceFailure, check, checkRejects, within } from "./case.ts";
import { closeCases } from "./close.ts";
import { collect } from "./source.ts";

/** Something to say to a model, and how to know that the answer is one to it. */
export interface Prompt {
  readonly text: string;
  /** Holds for an answer to this prompt and not for one to the other. */
  readonly matches: (answer: string) => boolean;
}

export interface AIConformanceOptions {
  /** Makes the provider of one case; the case closes it. */
  readonly create: () => AIProvider | Promise<AIProvider>;
  /** Two things to say that are answered differently, each in more than one text-delta. */
  readonly prompts: readonly [Prompt, Prompt];
  /** What makes it call a tool. Needed where `capabilities.tools` is true. */
  readonly tool?:
    | {
        readonly definition: ToolDefinition;
        /** What to say for it to be called. */
        readonly prompt: string;
        /** Whether these are the arguments one would expect. */
        readonly matches: (args: unknown) => boolean;
        /** What the tool gives. */
        readonly result: string;
      }
    | undefined;
  /** Connections and the like that are open, for the checks that nothing leaks. */
  readonly open?: (() => number) | undefined;
  /** How long any single wait may take before it counts as hanging, in ms of real time. Default 20,000. */
  readonly patienceMs?: number | undefined;
}

/** What every {@link AIProvider} must do, as one case per requirement. */
export function aiConformance(options: AIConformanceOptions): ConformanceCase[] {
  assertOptions("aiConformance", options, {
    required: ["create", "prompts"],
    function: ["create", "open"],
    objects: ["prompts"],
    object: ["tool"],
    number: ["patienceMs"],
  });
  assertTwo("aiConformance", "prompts", options.prompts);
  const { prompts, tool, patienceMs = 20_000 } = options;
  const [prompt, other] = prompts;
  const cases: ConformanceCase[] = [];

  const add = (name: string, body: (provider: AIProvider, abort: AbortController) => Promise<void>): void => {
    cases.push({
      name,
      async run() {
        const provider = await options.create();
        const abort = new AbortController();
        try {
          await body(provider, abort);
        } finally {
          abort.abort();
          await provider.close?.();
        }
      },
    });
  };
  const ask = (provider: AIProvider, request: AIRequest, { signal }: AbortController = new AbortController()) =>
    within(collect(provider.generate(request, { signal })), patienceMs, "an answer");
  const said = (text: string): AIRequest => ({ messages: [{ role: "user", content: text }] });

  add("says truthfully what it is, and warms up as often as it is told to", async (provider) => {
    check(provider.name !== "", "the name is empty");
    check(typeof provider.capabilities.tools === "boolean", "capabilities.tools is no boolean");
    await within(Promise.resolve(provider.warmUp?.()), patienceMs, "warming up");
    await within(Promise.resolve(provider.warmUp?.()), patienceMs, "warming up again");
  });

  add("answers in pieces of text, then finishes once", async (provider) => {
    for (const { text, matches } of prompts) {
      const parts = await ask(provider, said(text));
      checkParts(parts);
      check(finish(parts).reason === "stop", `the reason was ${finish(parts).reason}`);
      check(matches(answerOf(parts)), `the answer was ${JSON.stringify(answerOf(parts))}`);
      check(parts.filter(({ type }) => type === "text-delta").length > 1, "the answer came in one piece");
    }
  });

  add("keeps to what it was given: instructions, history, and does not write to it", async (provider) => {
    const request: AIRequest = {
      system: "Be brief.",
      messages: [
        { role: "assistant", content: "Hello, how may I help?" },
        { role: "user", content: other.text },
        { role: "assistant", content: "" },
        { role: "user", content: "" },
        { role: "user", content: prompt.text },
      ],
      temperature: 0.5,
      maxOutputTokens: 200,
      toolChoice: "auto",
    };
    const parts = await ask(provider, deepFreeze(request));
    checkParts(parts);
    check(prompt.matches(answerOf(parts)), `after other messages the answer was ${JSON.stringify(answerOf(parts))}`);
  });

  add("ends at once with `aborted` when it was aborted before", async (provider, abort) => {
    abort.abort();
    const parts: AIPart[] = [];
    const answer = collect(provider.generate(said(prompt.text), { signal: abort.signal }), parts);
    await checkRejects(answer, "aborted", patienceMs, "an aborted answer");
    check(parts.length === 0, `it yielded ${parts.length} parts although it was aborted before it began`);
  });

  add("ends with `aborted` when it is aborted while it answers, and says nothing more", async (provider, abort) => {
    const stream = provider.generate(said(prompt.text), { signal: abort.signal })[Symbol.asyncIterator]();
    await firstText(stream, patienceMs);
    abort.abort();
    await checkRejects(Promise.resolve(stream.next()), "aborted", patienceMs, "an aborted answer");
    const after = await within(Promise.resolve(stream.next()), patienceMs, "reading on");
    check(after.done === true, "it went on after it was aborted");
  });

  add("can be used again after an abort", async (provider, abort) => {
    const stream = provider.generate(said(prompt.text), { signal: abort.signal })[Symbol.asyncIterator]();
    await firstText(stream, patienceMs);
    abort.abort();
    await within(Promise.resolve(stream.next()), patienceMs, "an aborted answer").catch(() => {});
    const parts = await ask(provider, said(other.text));
    check(other.matches(answerOf(parts)), `after an abort the answer was ${JSON.stringify(answerOf(parts))}`);
  });

  add("does nothing when it is aborted after its end", async (provider, abort) => {
    const parts = await ask(provider, said(prompt.text), abort);
    abort.abort();
    await settle(3);
    checkParts(parts);
  });

  add("stops when its reader does", async (provider, abort) => {
    const stream = provider.generate(said(prompt.text), { signal: abort.signal })[Symbol.asyncIterator]();
    await firstText(stream, patienceMs);
    await within(Promise.resolve(stream.return?.()), patienceMs, "stopping");
    const after = await within(Promise.resolve(stream.next()), patienceMs, "reading on");
    check(after.done === true, "it went on after its reader stopped");
  });

  add("keeps concurrent answers apart", async (provider) => {
    const order = [prompt, other, other, prompt];
    const answers = await Promise.all(order.map(async ({ text }) => answerOf(await ask(provider, said(text)))));
    order.forEach(({ matches }, i) => {
      check(matches(answers[i] ?? ""), `answer ${i} of four was ${JSON.stringify(answers[i])}`);
    });
  });

  add("calls a tool and goes on with its result", async (provider) => {
    if (!provider.capabilities.tools) return;
    check(tool !== undefined, "capabilities.tools is true, but the test has no tool");
    const tools = [tool.definition];
    const messages: AIMessage[] = [{ role: "user", content: tool.prompt }];
    const first = await ask(provider, { messages, tools });
    checkParts(first);
    const calls = first.flatMap((part) => (part.type === "tool-call" ? [part] : []));
    check(calls.length > 0, `it called nothing, but said ${JSON.stringify(answerOf(first))}`);
    check(finish(first).reason === "tool-calls", `it called a tool, but the reason was ${finish(first).reason}`);
    check(new Set(calls.map(({ id }) => id)).size === calls.length, "two calls have one id");
    for (const { id, name, arguments: args } of calls) {
      check(
        id !== "" && name === tool.definition.name,
        `it called ${JSON.stringify(name)} with id ${JSON.stringify(id)}`,
      );
      check(tool.matches(args), `the arguments were ${JSON.stringify(args)}`);
    }
    const { providerData } = finish(first);
    messages.push({
      role: "assistant",
      content: answerOf(first),
      toolCalls: calls.map(({ id, name, arguments: args }) => ({ id, name, arguments: args })),
      ...(providerData === undefined ? {} : { providerData: structuredClone(providerData) }),
    });
    for (const { id, name } of calls)
      messages.push({ role: "tool", toolCallId: id, toolName: name, content: tool.result });
    const second = await ask(provider, deepFreeze({ messages, tools }));
    checkParts(second);
    check(answerOf(second) !== "", "it said nothing about the result");
    check(finish(second).reason === "stop", `after the result the reason was ${finish(second).reason}`);
  });

  const closing = closeCases<AIProvider>({
    create: options.create,
    async begin(provider) {
      const { signal } = new AbortController();
      const stream = provider.generate(said(prompt.text), { signal })[Symbol.asyncIterator]();
      await firstText(stream, patienceMs);
      const rest = failing(collect({ [Symbol.asyncIterator]: () => stream }));
      return { ended: rest.then(() => check(false, "an answer went on to its end although the provider was closed")) };
    },
    beginning: (provider) =>
      failing(collect(provider.generate(said(prompt.text), { signal: new AbortController().signal }))),
    late: (provider) =>
      failing(
        collect(provider.generate(said(prompt.text), { signal: new AbortController().signal })).then((parts) => {
          check(parts.length === 1, `it yielded ${parts.length} parts after it was closed`);
          return parts;
        }),
      ),
    held: options.open,
    patienceMs,
  });
  for (const [name, run] of closing) add(name, run);

  return cases;
}

/** Rejects with the error that ends a stream; such a stream must not throw. */
async function failing(stream: Promise<readonly AIPart[]>): Promise<void> {
  const parts = await stream.catch((error: unknown): never => {
    throw new ConformanceFailure(`it threw ${String(error)} although nobody aborted it`);
  });
  const last = parts.at(-1);
  if (last?.type === "error") throw last.error;
}

/** Checks one whole stream against the contract. @throws ConformanceFailure */
function checkParts(parts: readonly AIPart[]): void {
  parts.forEach((part, i) => {
    const last = i === parts.length - 1;
    switch (part.type) {
      case "text-delta":
      case "reasoning-delta":
        check(typeof part.text === "string" && part.text !== "", `a ${part.type} has no text`);
        break;
      case "tool-call":
        break;
      case "finish": {
        check(last, "something came after finish");
        for (const [name, count] of Object.entries({ ...part.usage })) {
          check(count === undefined || (Number.isInteger(count) && count >= 0), `usage.${name} is ${String(count)}`);
        }
        break;
      }
      case "error":
        check(false, `it failed with ${part.error.code}: ${part.error.message}`);
        break;
      default:
        check(false, `there is no part of type ${JSON.stringify((part as { type: unknown }).type)}`);
    }
  });
  check(parts.at(-1)?.type === "finish", "it ended without finish");
}

/** The text of an answer. */
function answerOf(parts: readonly AIPart[]): string {
  return parts
    .map((part) => (part.type === "text-delta" ? part.text : ""))
    .join("")
    .trim();
}

function finish(parts: readonly AIPart[]): Extract<AIPart, { type: "finish" }> {
  const last = parts.at(-1);
  check(last?.type === "finish", "it ended without finish");
  return last;
}

async function firstText(stream: AsyncIterator<AIPart>, patienceMs: number): Promise<void> {
  for (;;) {
    const next = await within(Promise.resolve(stream.next()), patienceMs, "the first text");
    check(!next.done && next.value.type !== "finish", "the answer had no text");
    if (next.value.type === "text-delta") return;
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
