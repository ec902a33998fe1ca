import type { AIPart, AIProvider, AIRequest } from "@roomkit/core";
import { answer, incomplete, loggedRetry, OpenCalls, withRetry, withStreamTimeouts } from "@roomkit/provider-utils";
import { checkModel } from "./check-model.ts";
import { aiSdkError } from "./errors.ts";
import type { AiSdkLanguageModel, StreamPart } from "./models.ts";
import type { AiSdkModelOptions } from "./options.ts";
import { callOptions } from "./prompt.ts";
import { StreamReader } from "./reader.ts";

/**
 * Any language model of the AI SDK (specification v2, v3 or v4) as the model of a conversation, tools included.
 *
 * @throws RoomKitError `unsupported_model`.
 */
export function aiSdk(model: AiSdkLanguageModel, options: AiSdkModelOptions = {}): AIProvider {
  checkModel(model, "doStream");
  const name = `ai-sdk:${model.provider}`;
  const calls = new OpenCalls(name);
  const { clock, firstByteMs = 10_000, stallMs = 15_000 } = options;

  async function* attempt(request: AIRequest, signal: AbortSignal): AsyncGenerator<AIPart, void, undefined> {
    const reader = new StreamReader(name);
    const parts = withStreamTimeouts<StreamPart>(
      async (inner) => {
        const { stream } = await model.doStream(
          callOptions(
            { ...request, providerOptions: { ...options.providerOptions, ...request.providerOptions } },
            name,
            inner,
          ) as never,
        );
        return stream as ReadableStream<StreamPart>;
      },
      {
        provider: name,
        signal,
        firstByteMs,
        stallMs,
        clock,
        mapError: (error) => aiSdkError(error, { provider: name, clock }),
      },
    );
    for await (const item of parts) {
      const part = reader.read(item);
      if (part) yield part;
      if (part?.type === "finish") return;
    }
    throw incomplete(name);
  }

  function attempts(request: AIRequest, signal: AbortSignal): AsyncIterable<AIPart> {
    const retries = loggedRetry(options, { provider: name, signal, what: "a request to the model" });
    return withRetry(() => attempt(request, signal), retries);
  }

  return {
    name,
    capabilities: { tools: true },
    generate(request, { signal }): AsyncIterable<AIPart> {
      const parts = calls.stream(signal, (inner) => attempts(request, inner));
      return answer(parts, { provider: name, signal });
    },
    close: async () => calls.close(),
  };
}
