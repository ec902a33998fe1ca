import { Anthropic } from "@anthropic-ai/sdk";
import type { AIProvider } from "@roomkit/core";
import { anthropicAI } from "@roomkit/provider-anthropic";
import { openaiAI, openaiStt, openaiTts } from "@roomkit/provider-openai";
import {
  anthropicMessages,
  audioOfText,
  openaiResponses,
  openaiSpeech,
  openaiTranscriptions,
  textOfAudio,
} from "@roomkit/provider-standins";
import { wavOfSamples } from "@roomkit/provider-utils";
import { OpenAI, toFile } from "openai";
import { apiKey, type ContenderFactory, firstOf, QUESTION, spoken } from "./contender.ts";
import { deepgram } from "./deepgram.ts";
import { elevenlabs } from "./elevenlabs.ts";
import { gemini } from "./gemini.ts";

const script = ({ userText }: { readonly userText: string }) => ({ text: ["You said: ", userText] });

/** The first text of a model. */
async function firstText(ai: AIProvider): Promise<unknown> {
  const { signal } = new AbortController();
  for await (const part of ai.generate({ messages: [{ role: "user", content: QUESTION }] }, { signal })) {
    if (part.type === "text-delta") return part;
  }
  throw new Error(`${ai.name} said nothing`);
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

export const contenders: readonly ContenderFactory[] = [
  {
    label: "anthropic, first text",
    routes: () => [anthropicMessages({ script })],
    open(url) {
      const model = "claude-haiku-4-5";
      const ai = anthropicAI({ model, apiKey, baseURL: url });
      const sdk = new Anthropic({ apiKey, baseURL: url, maxRetries: 0 });
      return {
        ours: () => firstText(ai),
        async bare() {
          const messages = [{ role: "user" as const, content: QUESTION }];
          const events = await sdk.messages.create({ model, max_tokens: 1_024, messages, stream: true });
          return firstOf(events, (event) => event.type === "content_block_delta");
        },
        close: async () => ai.close?.(),
      };
    },
  },
  {
    label: "openai, first text",
    routes: () => [openaiResponses({ script })],
    open(url) {
      const model = "gpt-4.1-mini";
      const ai = openaiAI({ model, apiKey, baseURL: `${url}/v1` });
      const sdk = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
      return {
        ours: () => firstText(ai),
        async bare() {
          const input = [{ role: "user" as const, content: QUESTION }];
          const events = await sdk.responses.create({
            model,
            input,
            max_output_tokens: 1_024,
            store: false,
            stream: true,
          });
          return firstOf(events, (event) => event.type === "response.output_text.delta");
        },
        close: async () => ai.close?.(),
      };
    },
  },
  {
    label: "openai, first audio",
    routes: () => [openaiSpeech()],
    open(url) {
      const tts = openaiTts({ apiKey, baseURL: `${url}/v1` });
      const sdk = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
      return {
        async ours() {
          const { signal } = new AbortController();
          return firstOf(tts.synthesize(once(QUESTION), { signal }), (part) => part.type === "audio");
        },
        async bare() {
          const body = { model: "gpt-4o-mini-tts", voice: "alloy", input: QUESTION, response_format: "pcm" } as const;
          const response = await sdk.audio.speech.create(body);
          const reader = response.body?.getReader();
          const first = await reader?.read();
          await reader?.cancel();
          return first;
        },
        close: async () => tts.close?.(),
      };
    },
  },
  {
    label: "openai, final text",
    routes: () => [
      openaiTranscriptions({ script: ({ samples, sampleRate }) => textOfAudio(samples, sampleRate) || "-" }),
    ],
    open(url) {
      const model = "whisper-1";
      const stt = openaiStt({ apiKey, baseURL: `${url}/v1`, model });
      const sdk = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
      return {
        async ours() {
          const { signal } = new AbortController();
          return firstOf(stt.transcribe(spoken(QUESTION), { signal }), (part) => part.type === "final");
        },
        async bare() {
          const wav = wavOfSamples([audioOfText(QUESTION, 16_000)], { sampleRate: 16_000, channels: 1 });
          const file = await toFile(wav, "audio.wav", { type: "audio/wav" });
          return sdk.audio.transcriptions.create({ model, file, response_format: "json" });
        },
        close: async () => stt.close?.(),
      };
    },
  },
  deepgram,
  elevenlabs,
  gemini,
];
