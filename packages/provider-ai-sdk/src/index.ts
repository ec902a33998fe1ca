export { aiSdk } from "./ai-sdk-ai.ts";
export { aiSdkStt } from "./ai-sdk-stt.ts";
export { aiSdkTts } from "./ai-sdk-tts.ts";
export type { AiSdkLanguageModel, AiSdkModel, AiSdkSpeechModel, AiSdkTranscriptionModel } from "./models.ts";
export type { AiSdkModelOptions, AiSdkOptions, AiSdkRecogniserOptions, AiSdkVoiceOptions } from "./options.ts";
