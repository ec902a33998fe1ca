import { type AIPart, type AIProvider, type AIRequest, assertOptions } from "@roomkit/core";
import { answer, OpenCalls, readAnswer, retryKinds, SdkRequests } from "@roomkit/provider-utils";
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
  assertOptions("aiSdk", options, {
    number: ["firstByteMs", "stallMs"],
    object: ["providerOptions", "clock", "logger"],
    members: { retry: retryKinds },
  });
  checkModel(model, "doStream");
  const name = `ai-sdk:${model.provider}`;
  const calls = new OpenCalls(name);
  const requests = new SdkRequests(options, {
    provider: name,
    // The application has loaded the model.
    load: async () => {},
    errorOf: (error) => aiSdkError(error, { provider: name, clock: options.clock }),
    firstByteMs: 10_000,
    stallMs: 15_000,
  });

  function attempt(request: AIRequest, signal: AbortSignal): AsyncIterable<AIPart> {
    const reader = new StreamReader(name);
    const providerOptions = { ...options.providerOptions, ...request.providerOptions };
    const parts = requests.stream(async (_, inner) => {
      const { stream } = await model.doStream(callOptions({ ...request, providerOptions }, name, inner) as never);
      return stream as ReadableStream<StreamPart>;
    }, signal);
    return readAnswer(parts, (part) => reader.read(part), name);
  }

  return {
    name,
    capabilities: { tools: true },
    generate(request, { signal }): AsyncIterable<AIPart> {
      const parts = calls.stream(signal, (inner) =>
        requests.retried(() => attempt(request, inner), inner, "a request to the model"),
      );
      return answer(parts, { provider: name, signal });
    },
    close: async () => calls.close(),
  };
}
