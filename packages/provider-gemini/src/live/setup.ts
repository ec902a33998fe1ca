import { type AudioFrame, defined, type RealtimeSessionConfig } from "@roomkit/core";
import { bytesOfSamples } from "@roomkit/provider-utils";
import { clean, cleanJson } from "../text/clean.ts";
import type { LiveSettings } from "./options.ts";

export interface SetupState {
  /** Of a session that goes on. */
  readonly handle: string | undefined;
  /** What was said before follows as content. */
  readonly history: boolean;
}

/** The first message of a connection. */
export function buildSetup(
  config: RealtimeSessionConfig,
  settings: LiveSettings,
  { handle, history }: SetupState,
): { readonly setup: Readonly<Record<string, unknown>> } {
  const { instructions, tools = [], temperature, language, voice, turnDetection, providerOptions } = config;
  const { model, interruptible, transcription, compression, thinkingBudget, maxOutputTokens } = settings;
  const manual = turnDetection === "manual";
  const { triggerTokens, targetTokens } = compression || {};
  return {
    setup: {
      model: model.includes("/") ? model : `models/${model}`,
      generationConfig: defined({
        responseModalities: ["AUDIO"],
        temperature,
        maxOutputTokens,
        speechConfig: defined({
          voiceConfig: { prebuiltVoiceConfig: { voiceName: voice ?? settings.voice } },
          languageCode: language,
        }),
        thinkingConfig: thinkingBudget === undefined ? undefined : { thinkingBudget },
      }),
      ...(instructions?.trim() ? { systemInstruction: { role: "user", parts: [{ text: clean(instructions) }] } } : {}),
      ...(tools.length === 0 ? {} : { tools: [{ functionDeclarations: tools.map(declarationOf) }] }),
      sessionResumption: defined({ handle }),
      ...(transcription ? { inputAudioTranscription: {}, outputAudioTranscription: {} } : {}),
      realtimeInputConfig: {
        automaticActivityDetection: manual ? { disabled: true } : detectionOf(settings),
        activityHandling: interruptible ? "START_OF_ACTIVITY_INTERRUPTS" : "NO_INTERRUPTION",
      },
      ...(compression === false
        ? {}
        : {
            contextWindowCompression: defined({
              slidingWindow: defined({ targetTokens: targetTokens?.toString() }),
              triggerTokens: triggerTokens?.toString(),
            }),
          }),
      ...(history && takesHistory(model) ? { historyConfig: { initialHistoryInClientContent: true } } : {}),
      ...providerOptions,
    },
  };
}

/** The caller's speech. */
export function buildAudio({ samples }: AudioFrame): Readonly<Record<string, unknown>> {
  const data = Buffer.from(bytesOfSamples(samples)).toString("base64");
  return { audio: { data, mimeType: "audio/pcm;rate=16000" } };
}

/** What was said before, as the content that follows the setup. */
export function buildHistory(
  turns: readonly { readonly role: "user" | "assistant"; readonly text: string }[],
  model: string,
): Readonly<Record<string, unknown>> {
  return {
    clientContent: {
      turns: turns.map(({ role, text }) => ({
        role: role === "user" ? "user" : "model",
        parts: [{ text: clean(text) }],
      })),
      turnComplete: takesHistory(model),
    },
  };
}

/** Models from 3 on must be told that a history follows, and take content in no other place. */
export function takesHistory(model: string): boolean {
  return !/gemini-(live-)?2[.-]/.test(model);
}

function declarationOf(tool: NonNullable<RealtimeSessionConfig["tools"]>[number]): unknown {
  const { $schema: _dialect, ...parameters } = tool.parameters;
  return {
    name: tool.name,
    description: clean(tool.description),
    parametersJsonSchema: cleanJson({ type: "object", properties: {}, ...parameters }),
  };
}

function detectionOf({ activityDetection = {} }: LiveSettings): unknown {
  const { startSensitivity, endSensitivity, prefixPaddingMs, silenceDurationMs } = activityDetection;
  return defined({
    startOfSpeechSensitivity: startSensitivity && `START_SENSITIVITY_${startSensitivity.toUpperCase()}`,
    endOfSpeechSensitivity: endSensitivity && `END_SENSITIVITY_${endSensitivity.toUpperCase()}`,
    prefixPaddingMs,
    silenceDurationMs,
  });
}
