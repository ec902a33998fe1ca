import { type AIMessage, type AIPart, type AIProvider, type AIRequest, RoomKitError } from "@roomkit/core";
import { attempts } from "./attempts.ts";
import { Closing } from "./closing.ts";
import { candidatesOf, type FallbackOptions, settingsFor, settingsOf } from "./options.ts";

/** Asks another model to go on where the first broke off. */
const CONTINUE: AIMessage = {
  role: "user",
  content:
    "(Your answer broke off there. Go on with the very next word, without repeating anything and without a remark about it.)",
};

/** Several models as one. What was said before a failure stays said: the next model goes on from there. */
export function fallbackAI(providers: readonly AIProvider[], options: FallbackOptions): AIProvider {
  const candidates = candidatesOf(providers, options);
  const settings = settingsOf(options);
  const closing = new Closing(providers);
  return {
    name: `fallback(${providers.map(({ name }) => name).join(", ")})`,
    capabilities: { tools: providers.every(({ capabilities }) => capabilities.tools) },
    async *generate(request, { signal, onFallback }): AsyncGenerator<AIPart, void, undefined> {
      let said = "";
      let called = false;
      const open = async function* ({
        provider,
        signal: inner,
      }: {
        provider: AIProvider;
        signal: AbortSignal;
      }): AsyncGenerator<AIPart> {
        for await (const part of provider.generate(continued(request, said), { signal: inner, onFallback })) {
          // What one says that was given up was never said.
          if (inner.aborted) return;
          if (part.type === "error") throw part.error;
          if (part.type === "text-delta") said += part.text;
          if (part.type === "tool-call") called = true;
          yield part;
          if (part.type === "finish") return;
        }
        throw new RoomKitError("provider_incomplete", `${provider.name} stopped without finishing`, {
          retryable: true,
        });
      };
      const call = closing.call(signal);
      try {
        // A call that was made is being carried out: another model would make it again.
        yield* attempts(candidates, settingsFor(settings, { onFallback }), call.signal, open, () => !called);
      } catch (error) {
        if (signal.aborted) throw error;
        yield { type: "error", error: RoomKitError.from(error, "ai_failed") };
      } finally {
        call.release();
      }
    },
    async warmUp(signal) {
      await Promise.all(providers.map((provider) => provider.warmUp?.(signal)));
    },
    close: () => closing.close(),
  };
}

function continued(request: AIRequest, said: string): AIRequest {
  if (said === "") return request;
  return { ...request, messages: [...request.messages, { role: "assistant", content: said }, CONTINUE] };
}
