import type {
  AIPart,
  AIProvider,
  AudioFrame,
  SpeechPart,
  SttProvider,
  TranscriptPart,
  TtsProvider,
} from "@roomkit/core";
import { silence } from "@roomkit/core";

const format = { sampleRate: 24_000, channels: 1 } as const;

/** Has its answer ready the moment the audio ends. */
export const instantStt: SttProvider = {
  name: "instant-stt",
  capabilities: { streaming: false, turnDetection: false, wordTimings: false },
  async *transcribe(audio): AsyncGenerator<TranscriptPart> {
    let frames = 0;
    for await (const _ of audio) frames++;
    if (frames > 0) yield { type: "final", text: "What time is it?" };
  },
};

/** Knows the whole answer at once. */
export const instantAI: AIProvider = {
  name: "instant-ai",
  capabilities: { tools: true },
  async *generate(): AsyncGenerator<AIPart> {
    yield { type: "text-delta", text: "It is noon." };
    yield { type: "finish", reason: "stop" };
  },
};

/** Speaks a piece in no time: 40 ms of silence. */
export const instantTts: TtsProvider = {
  name: "instant-tts",
  capabilities: { streamingInput: true, wordTimings: false, sampleRate: format.sampleRate },
  async *synthesize(text): AsyncGenerator<SpeechPart> {
    let at = 0;
    for await (const piece of text) {
      yield { type: "segment", text: piece };
      yield { type: "audio", frame: silence(format, 40, at) };
      at += 40;
    }
  },
};

/** The same three without anything between them: from the caller's audio to the first frame of the answer. */
export async function answerDirectly(heard: readonly AudioFrame[], signal: AbortSignal): Promise<AudioFrame> {
  async function* audio(): AsyncGenerator<AudioFrame> {
    yield* heard;
  }
  let question = "";
  for await (const part of instantStt.transcribe(audio(), { signal })) if (part.type === "final") question = part.text;
  async function* words(): AsyncGenerator<string> {
    const request = { messages: [{ role: "user", content: question } as const] };
    for await (const part of instantAI.generate(request, { signal })) if (part.type === "text-delta") yield part.text;
  }
  for await (const part of instantTts.synthesize(words(), { signal })) if (part.type === "audio") return part.frame;
  throw new Error("nothing was said");
}
