/** Something that can be chosen: its name for flags, and its words for people. */
export interface Choice<Value extends string = string> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: string;
}

export type Where = "node" | "hono" | "express" | "fastify" | "next";
export type How = "voice" | "realtime";
export type Model = "local" | "anthropic" | "openai" | "ai-sdk" | "gemini";
export type Stt = "local" | "deepgram";
export type Tts = "local" | "elevenlabs";

// The first of each is the default.

export const places: readonly Choice<Where>[] = [
  { value: "node", label: "Node.js", hint: "node:http, nothing else" },
  { value: "hono", label: "Hono" },
  { value: "express", label: "Express" },
  { value: "fastify", label: "Fastify" },
  { value: "next", label: "Next.js", hint: "with a server of its own, and a page in React" },
];

export const ways: readonly Choice<How>[] = [
  { value: "voice", label: "Voice channel", hint: "a recogniser, a model and a voice" },
  { value: "realtime", label: "Speech to speech", hint: "one model that hears and speaks" },
];

const local = { value: "local", label: "On this machine", hint: "no key" } as const;

/** The models, which are others for speech to speech. */
export const models: Readonly<Record<How, readonly Choice<Model>[]>> = {
  voice: [
    { ...local, hint: "no key; answers by rules" },
    { value: "anthropic", label: "Anthropic", hint: "ANTHROPIC_API_KEY" },
    { value: "openai", label: "OpenAI", hint: "OPENAI_API_KEY" },
    { value: "ai-sdk", label: "AI SDK", hint: "any of its models; OPENAI_API_KEY to begin with" },
  ],
  realtime: [
    { ...local, hint: "no key; recogniser, rules and voice as one" },
    { value: "openai", label: "OpenAI Realtime", hint: "OPENAI_API_KEY" },
    { value: "gemini", label: "Gemini Live", hint: "GEMINI_API_KEY" },
  ],
};

export const recognisers: readonly Choice<Stt>[] = [
  local,
  { value: "deepgram", label: "Deepgram", hint: "DEEPGRAM_API_KEY" },
];

export const voices: readonly Choice<Tts>[] = [
  local,
  { value: "elevenlabs", label: "ElevenLabs", hint: "ELEVENLABS_API_KEY" },
];

/** What a project is to be. */
export interface Choices {
  readonly where: Where;
  readonly how: How;
  readonly model: Model;
  /** Of a voice channel. */
  readonly stt: Stt;
  readonly tts: Tts;
}

export const defaults: Choices = { where: "node", how: "voice", model: "local", stt: "local", tts: "local" };

export function labelOf(choices: readonly Choice[], value: string): string {
  return choices.find((choice) => choice.value === value)?.label ?? value;
}
