import type { AudioFrame, TranscriptPart } from "@roomkit/core";
import {
  audioOfText,
  type Operation,
  openaiTranscriptions,
  providerFaultMatrix,
  textOfAudio,
} from "@roomkit/provider-standins";
import { bytesOfSamples, PcmFramer } from "@roomkit/provider-utils";
import { VirtualClock } from "@roomkit/testing";
import { describe, it } from "vitest";
import { openaiStt } from "./openai-stt.ts";

async function* spoken(text: string): AsyncGenerator<AudioFrame> {
  const framer = new PcmFramer({ sampleRate: 16_000, channels: 1 });
  yield* framer.push(bytesOfSamples(audioOfText(text, 16_000)));
}

describe.each(["gpt-4o-transcribe", "whisper-1"])("openaiStt with %s over a faulty network", (model) => {
  const streamed = model !== "whisper-1";
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [openaiTranscriptions({ script: ({ samples, sampleRate }) => textOfAudio(samples, sampleRate) })],
    operate: ({ standIn, key, signal, variant, ...limits }: Operation) =>
      openaiStt({ model, apiKey: key, baseURL: `${standIn.url}/v1`, ...limits }).transcribe(
        spoken(`say number ${variant}`),
        {
          signal,
        },
      ),
    complete: (items, variant) => {
      const [only, ...more] = items as TranscriptPart[];
      return only?.type === "final" && only.text === `say number ${variant}` && more.length === 0;
    },
    frames: streamed ? 4 : 1,
    streaming: false,
    ...(streamed
      ? { malformed: "event: transcript.text.delta\ndata: {nonsense\n\n", inbandError: "server" as const }
      : { malformed: "{nonsense" }),
  });
  for (const { name, run } of cases) it(name, run);
});
