import { defined, type RealtimeSessionConfig } from "@roomkit/core";
import type {
  RealtimeAudioFormats,
  RealtimeAudioInputTurnDetection,
  RealtimeFunctionTool,
  RealtimeSessionCreateRequest,
} from "openai/resources/realtime/realtime";
import type { RealtimeSettings, SemanticVad, ServerVad, WireAudio, WireFormats } from "./options.ts";

/** The session a connection begins with. */
export function buildSessionConfig(
  config: RealtimeSessionConfig,
  settings: RealtimeSettings,
  formats: WireFormats,
): RealtimeSessionCreateRequest {
  const { transcription, noiseReduction, speed, maxOutputTokens, turnDetection } = settings;
  const language = config.language?.split("-")[0]?.toLowerCase();
  return {
    type: "realtime",
    output_modalities: ["audio"],
    audio: {
      input: {
        format: formatOf(formats.input),
        ...(transcription === false
          ? {}
          : {
              transcription: defined({
                model: transcription.model,
                prompt: transcription.prompt,
                language: language || undefined,
              }),
            }),
        ...(noiseReduction === false ? {} : { noise_reduction: { type: noiseReduction } }),
        // Said in any case: left out, the vendor finds turns as well, and every turn is answered twice.
        turn_detection: (config.turnDetection === "manual"
          ? null
          : turnDetectionOf(turnDetection)) as RealtimeAudioInputTurnDetection,
      },
      output: defined({ format: formatOf(formats.output), voice: config.voice ?? settings.voice, speed }),
    },
    ...changeable(config),
    ...defined({ max_output_tokens: maxOutputTokens }),
    ...config.providerOptions,
  };
}

/** Only what has changed: anything else stays as it is. */
export function buildSessionChange(change: Partial<RealtimeSessionConfig>): RealtimeSessionCreateRequest {
  return {
    type: "realtime",
    ...changeable(change),
    ...(change.voice === undefined ? {} : { audio: { output: { voice: change.voice } } }),
    ...change.providerOptions,
  };
}

function changeable({ instructions, tools }: Partial<RealtimeSessionConfig>): Partial<RealtimeSessionCreateRequest> {
  return defined({ instructions, tools: tools?.map(toolOf) });
}

function toolOf(tool: NonNullable<RealtimeSessionConfig["tools"]>[number]): RealtimeFunctionTool {
  const { name, description, parameters } = tool;
  return { type: "function", name, description, parameters: { type: "object", properties: {}, ...parameters } };
}

function formatOf({ codec }: WireAudio): RealtimeAudioFormats {
  if (codec?.name === "mulaw") return { type: "audio/pcmu" };
  return codec ? { type: "audio/pcma" } : { type: "audio/pcm", rate: 24_000 };
}

function turnDetectionOf(detection: ServerVad | SemanticVad): RealtimeAudioInputTurnDetection {
  const { createResponse = true, interruptResponse = true } = detection;
  const answers = { create_response: createResponse, interrupt_response: interruptResponse };
  if (detection.type === "semantic_vad")
    return { type: "semantic_vad", eagerness: detection.eagerness ?? "auto", ...answers };
  const { threshold, prefixPaddingMs, silenceDurationMs, idleTimeoutMs } = detection;
  return defined({
    type: "server_vad" as const,
    threshold,
    prefix_padding_ms: prefixPaddingMs,
    silence_duration_ms: silenceDurationMs,
    idle_timeout_ms: idleTimeoutMs,
    ...answers,
  });
}
