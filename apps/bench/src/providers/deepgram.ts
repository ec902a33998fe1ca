import { DeepgramClient } from "@deepgram/sdk";
import { deepgramStt } from "@roomkit/provider-deepgram";
import { deepgramListenV1 } from "@roomkit/provider-standins";
import { apiKey, type ContenderFactory, firstOf, QUESTION, spoken } from "./contender.ts";

/** From connecting to the first words of the transcript; ours and the SDK send the same frames and then wait. */
export const deepgram: ContenderFactory = {
  label: "deepgram, first words",
  routes: () => [deepgramListenV1()],
  open(url) {
    const stt = deepgramStt({ apiKey, baseURL: url });
    const wsUrl = url.replace(/^http/, "ws");
    const environment = { base: url, production: wsUrl, agent: wsUrl, agentRest: url };
    const sdk = new DeepgramClient({ apiKey, environment, maxRetries: 0 });
    return {
      async ours() {
        const { signal } = new AbortController();
        return firstOf(stt.transcribe(spoken(QUESTION), { signal }), (part) => "text" in part && part.text !== "");
      },
      async bare() {
        const socket = await sdk.listen.v1.connect({
          model: "nova-3",
          encoding: "linear16",
          sample_rate: 16_000,
          channels: 1,
          interim_results: "true",
          reconnectAttempts: 0,
        } as Parameters<typeof sdk.listen.v1.connect>[0]);
        try {
          const heard = new Promise((resolve, reject) => {
            socket.on("error", reject);
            socket.on("message", (message) => {
              if (message.type === "Results" && message.channel.alternatives[0]?.transcript) resolve(message);
            });
          });
          socket.connect();
          await socket.waitForOpen();
          for await (const { samples } of spoken(QUESTION)) socket.sendMedia(samples);
          socket.sendCloseStream({ type: "CloseStream" });
          return await heard;
        } finally {
          socket.close();
        }
      },
      close: async () => stt.close?.(),
    };
  },
};
