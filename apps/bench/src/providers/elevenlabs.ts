import { elevenlabsTts } from "@roomkit/provider-elevenlabs";
import { elevenlabsStreamInput } from "@roomkit/provider-standins";
import WebSocket from "ws";
import { apiKey, type ContenderFactory, firstOf, QUESTION } from "./contender.ts";

const VOICE = "JBFqnCBsd6RMkjVDRZzb";

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

/** From connecting to the first audio. The vendor's SDK has no client for this WebSocket: the reference is a bare one. */
export const elevenlabs: ContenderFactory = {
  label: "elevenlabs, first audio",
  routes: () => [elevenlabsStreamInput()],
  open(url) {
    const tts = elevenlabsTts({ apiKey, baseURL: url, voice: VOICE });
    return {
      async ours() {
        const { signal } = new AbortController();
        return firstOf(tts.synthesize(once(QUESTION), { signal }), (part) => part.type === "audio");
      },
      async bare() {
        const query = "model_id=eleven_flash_v2_5&output_format=pcm_24000";
        const socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/text-to-speech/${VOICE}/stream-input?${query}`, {
          headers: { "xi-api-key": apiKey },
        });
        try {
          return await new Promise((resolve, reject) => {
            socket.on("error", reject);
            socket.on("close", () => reject(new Error("closed without audio")));
            socket.on("open", () => {
              for (const text of [" ", `${QUESTION} `, ""]) socket.send(JSON.stringify({ text }));
            });
            socket.on("message", (data) => {
              const { audio } = JSON.parse(String(data)) as { audio?: string | undefined };
              if (audio) resolve(audio);
            });
          });
        } finally {
          socket.terminate();
        }
      },
      close: async () => tts.close?.(),
    };
  },
};
