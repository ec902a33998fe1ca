import type { AIProvider, RealtimeProvider, SttProvider, TtsProvider } from "@roomkit/core";
import { withFallback } from "@roomkit/fallback";
import { anthropicAI } from "@roomkit/provider-anthropic";
import { type CascadeOptions, cascade } from "@roomkit/provider-cascade";
import { deepgramStt } from "@roomkit/provider-deepgram";
import { elevenlabsTts } from "@roomkit/provider-elevenlabs";
import { fliteTts } from "@roomkit/provider-flite";
import { geminiAI, geminiLive, geminiTts } from "@roomkit/provider-gemini";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { offlineAI } from "@roomkit/provider-offline";
import { openaiAI, openaiRealtime, openaiStt, openaiTts } from "@roomkit/provider-openai";
import type { Env } from "./config.ts";

/** A vendor that can take a part, when its key is there. */
interface Vendor<P> {
  readonly name: string;
  readonly key: string;
  make(env: Env): P;
}

/** What was chosen for one part, and why; shown at the start and in the page's settings. */
interface Choice<P> {
  readonly provider: P;
  readonly name: string;
  readonly why: string;
}

/** A vendor's key, and its address where that is another than its own: a proxy, or a stand-in. */
const access = (env: Env, name: string): { apiKey: string | undefined; baseURL?: string | undefined } => {
  const baseURL = env[`${name}_BASE_URL`];
  return { apiKey: env[`${name}_API_KEY`], baseURL };
};

const recognisers: readonly Vendor<SttProvider>[] = [
  { name: "deepgram", key: "DEEPGRAM_API_KEY", make: (env) => deepgramStt(access(env, "DEEPGRAM")) },
  { name: "openai", key: "OPENAI_API_KEY", make: (env) => openaiStt(access(env, "OPENAI")) },
];

const models: readonly Vendor<AIProvider>[] = [
  {
    name: "anthropic",
    key: "ANTHROPIC_API_KEY",
    make: (env) => anthropicAI({ model: env.ANTHROPIC_MODEL ?? "claude-haiku-4-5", ...access(env, "ANTHROPIC") }),
  },
  {
    name: "openai",
    key: "OPENAI_API_KEY",
    make: (env) => openaiAI({ model: env.OPENAI_MODEL ?? "gpt-5-mini", ...access(env, "OPENAI") }),
  },
  {
    name: "gemini",
    key: "GEMINI_API_KEY",
    make: (env) => geminiAI({ model: env.GEMINI_MODEL ?? "gemini-2.5-flash", ...access(env, "GEMINI") }),
  },
];

/** Sarah, one of the voices every account has. */
const ELEVENLABS_VOICE = "EXAVITQu4vr4xnSDxMaL";

/** Hz, of the local voice. */
const LOCAL_RATE = 16_000;

const voices: readonly Vendor<TtsProvider>[] = [
  {
    name: "elevenlabs",
    key: "ELEVENLABS_API_KEY",
    // The rate of the local voice, which goes on with the sentence when this one fails.
    make: (env) =>
      elevenlabsTts({
        voice: env.ELEVENLABS_VOICE ?? ELEVENLABS_VOICE,
        sampleRate: LOCAL_RATE,
        ...access(env, "ELEVENLABS"),
      }),
  },
  { name: "openai", key: "OPENAI_API_KEY", make: (env) => openaiTts(access(env, "OPENAI")) },
  { name: "gemini", key: "GEMINI_API_KEY", make: (env) => geminiTts(access(env, "GEMINI")) },
];

const speechToSpeech: readonly Vendor<RealtimeProvider>[] = [
  { name: "openai", key: "OPENAI_API_KEY", make: (env) => openaiRealtime(access(env, "OPENAI")) },
  { name: "gemini", key: "GEMINI_API_KEY", make: (env) => geminiLive(access(env, "GEMINI")) },
];

/** The vendor whose key is there, or the local part. `ROOMKIT_STT`, `ROOMKIT_AI`, `ROOMKIT_TTS` and `ROOMKIT_REALTIME` choose by name; `local` is one. */
function choose<P>(
  part: string,
  vendors: readonly Vendor<P>[],
  local: { readonly name: string; make(): P },
  env: Env,
): Choice<P> & { readonly cloud: boolean } {
  const wanted = env[`ROOMKIT_${part}`];
  if (wanted === "local")
    return { provider: local.make(), name: local.name, why: `ROOMKIT_${part} says so`, cloud: false };
  if (wanted !== undefined && wanted !== "") {
    const vendor = vendors.find(({ name }) => name === wanted);
    if (!vendor)
      throw new Error(
        `ROOMKIT_${part} must be one of local, ${vendors.map(({ name }) => name).join(", ")}, not "${wanted}".`,
      );
    if (!env[vendor.key]) throw new Error(`ROOMKIT_${part}=${wanted} needs ${vendor.key}.`);
    return { provider: vendor.make(env), name: vendor.name, why: `ROOMKIT_${part} says so`, cloud: true };
  }
  const vendor = vendors.find(({ key }) => env[key]);
  if (!vendor) return { provider: local.make(), name: local.name, why: "no key is set", cloud: false };
  return { provider: vendor.make(env), name: vendor.name, why: `${vendor.key} is set`, cloud: true };
}

export interface Providers {
  readonly stt: Choice<SttProvider>;
  readonly ai: Choice<AIProvider>;
  readonly tts: Choice<TtsProvider>;
  /** Speech to speech; the local one is put together from the three above. */
  readonly realtime: Choice<RealtimeProvider>;
}

/** When callers have finished, and when they interrupt. */
export type Manners = Pick<CascadeOptions, "turnDetector" | "interruption">;

/** Everything that hears, thinks and speaks; `hearing` is how speech to speech of the local parts hears. A vendor's recogniser and voice are backed by the local ones. @throws Error with a sentence for whoever started the server. */
export function chooseProviders(
  env: Env,
  voice: string,
  hearing: Manners & Pick<CascadeOptions, "pipeline">,
): Providers {
  const local = { stt: () => moonshineStt(), tts: () => fliteTts({ voice }) };
  const stt = choose("STT", recognisers, { name: "moonshine", make: local.stt }, env);
  const ai = choose("AI", models, { name: "offline", make: () => offlineAI() }, env);
  const tts = choose("TTS", voices, { name: "flite", make: local.tts }, env);
  const parts = {
    stt: stt.cloud ? { ...stt, provider: withFallback([stt.provider, local.stt()]) } : stt,
    ai,
    tts:
      tts.cloud && tts.provider.capabilities.sampleRate === LOCAL_RATE
        ? { ...tts, provider: withFallback([tts.provider, local.tts()]) }
        : tts,
  };
  const together = (): RealtimeProvider =>
    cascade({ ...hearing, stt: parts.stt.provider, ai: parts.ai.provider, tts: parts.tts.provider });
  return {
    ...parts,
    realtime: choose("REALTIME", speechToSpeech, { name: "cascade of these three", make: together }, env),
  };
}

/** A line for each part: what was chosen and why. */
export function describe({ stt, ai, tts, realtime }: Providers): Readonly<Record<string, string>> {
  const line = ({ name, why }: Choice<unknown>): string => `${name} (${why})`;
  return {
    "speech to text": line(stt),
    model: line(ai),
    "text to speech": line(tts),
    "speech to speech": line(realtime),
  };
}
