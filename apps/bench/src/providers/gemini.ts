import { GoogleGenAI } from "@google/genai";
import { geminiAI } from "@roomkit/provider-gemini";
import { geminiGenerate } from "@roomkit/provider-standins";
import { apiKey, type ContenderFactory, firstOf, QUESTION } from "./contender.ts";

/** The first text of a model. */
export const gemini: ContenderFactory = {
  label: "gemini, first text",
  routes: () => [geminiGenerate({ script: ({ userText }) => ({ text: ["You said: ", userText] }) })],
  open(url) {
    const model = "gemini-2.5-flash";
    const ai = geminiAI({ model, apiKey, baseURL: url });
    const sdk = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } });
    return {
      async ours() {
        const { signal } = new AbortController();
        const messages = [{ role: "user" as const, content: QUESTION }];
        return firstOf(ai.generate({ messages }, { signal }), (part) => part.type === "text-delta");
      },
      async bare() {
        const chunks = await sdk.models.generateContentStream({ model, contents: QUESTION });
        return firstOf(chunks, (chunk) => (chunk.candidates?.[0]?.content?.parts?.length ?? 0) > 0);
      },
      close: async () => ai.close?.(),
    };
  },
};
