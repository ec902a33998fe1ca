import type { Choices, How } from "./choices.ts";

/** A vendor's part: how the program gets it, and what it needs. */
export interface Part {
  /** The environment variable with its key. */
  readonly key: string;
  /** Where one gets that. */
  readonly site: string;
  readonly imports: readonly string[];
  /** The expression that makes it. */
  readonly code: string;
  readonly packages: readonly string[];
}

/** A package of ours with one function of it. */
const ours = (name: string, what: string): Pick<Part, "imports" | "packages"> => ({
  imports: [`import { ${what} } from "@roomkit/${name}";`],
  packages: [`@roomkit/${name}`],
});

const anthropic = { key: "ANTHROPIC_API_KEY", site: "https://console.anthropic.com" };
const openai = { key: "OPENAI_API_KEY", site: "https://platform.openai.com" };
const gemini = { key: "GEMINI_API_KEY", site: "https://aistudio.google.com" };
const deepgram = { key: "DEEPGRAM_API_KEY", site: "https://console.deepgram.com" };
const elevenlabs = { key: "ELEVENLABS_API_KEY", site: "https://elevenlabs.io" };

// The SDKs stand beside the packages: the versions that run on Node 20.
const openaiPackages = ["@roomkit/provider-openai", "openai"];

const models: Readonly<Record<How, Readonly<Record<string, Part>>>> = {
  voice: {
    anthropic: {
      ...anthropic,
      ...ours("provider-anthropic", "anthropicAI"),
      code: 'anthropicAI({ model: "claude-haiku-4-5" })',
    },
    openai: {
      ...openai,
      ...ours("provider-openai", "openaiAI"),
      code: 'openaiAI({ model: "gpt-4.1-mini" })',
      packages: openaiPackages,
    },
    "ai-sdk": {
      ...openai,
      imports: ['import { openai } from "@ai-sdk/openai";', 'import { aiSdk } from "@roomkit/provider-ai-sdk";'],
      code: 'aiSdk(openai("gpt-4.1-mini"))',
      packages: ["@ai-sdk/openai", "@roomkit/provider-ai-sdk", "zod"],
    },
  },
  realtime: {
    openai: {
      ...openai,
      ...ours("provider-openai", "openaiRealtime"),
      code: 'openaiRealtime({ voice: "marin" })',
      packages: openaiPackages,
    },
    gemini: {
      ...gemini,
      ...ours("provider-gemini", "geminiLive"),
      code: 'geminiLive({ voice: "Aoede" })',
      packages: ["@google/genai", "@roomkit/provider-gemini"],
    },
  },
};

const recognisers: Readonly<Record<string, Part>> = {
  deepgram: { ...deepgram, ...ours("provider-deepgram", "deepgramStt"), code: 'deepgramStt({ language: "en" })' },
};

const voices: Readonly<Record<string, Part>> = {
  elevenlabs: {
    ...elevenlabs,
    ...ours("provider-elevenlabs", "elevenlabsTts"),
    code: 'elevenlabsTts({ voice: "JBFqnCBsd6RMkjVDRZzb" })',
  },
};

/** The vendors' parts that were chosen, by the option that takes them. */
export function chosenParts({ how, model, stt, tts }: Choices): ReadonlyMap<string, Part> {
  const chosen: readonly (readonly [string, Part | undefined])[] = [
    ["ai", models[how][model]],
    ["stt", how === "voice" ? recognisers[stt] : undefined],
    ["tts", how === "voice" ? voices[tts] : undefined],
  ];
  return new Map(chosen.flatMap(([option, part]) => (part ? [[option, part] as const] : [])));
}
