import type { SpeechPart } from "@roomkit/core";
import { type Operation, openaiSpeech, providerFaultMatrix, textOfAudio } from "@roomkit/provider-standins";
import { VirtualClock } from "@roomkit/testing";
import { describe, it } from "vitest";
import { openaiTts } from "./openai-tts.ts";

describe("openaiTts over a faulty network", () => {
  const cases = providerFaultMatrix({
    createClock: () => new VirtualClock(),
    routes: () => [openaiSpeech()],
    operate: ({ standIn, key, signal, variant, ...limits }: Operation) =>
      openaiTts({ apiKey: key, baseURL: `${standIn.url}/v1`, ...limits }).synthesize(
        (async function* () {
          yield `number ${variant}`;
        })(),
        { signal },
      ),
    complete: (items, variant) => {
      const samples = (items as SpeechPart[]).flatMap((part) => (part.type === "audio" ? [...part.frame.samples] : []));
      return textOfAudio(Int16Array.from(samples), 24_000) === `number ${variant}`;
    },
    frames: 4,
    eofDetectable: false,
  });
  for (const { name, run } of cases) it(name, run);
});
