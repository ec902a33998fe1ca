export {
  browser,
  type PhoneOptions,
  type PresetOptions,
  phone,
  type SpeakerphoneOptions,
  speakerphone,
} from "./presets.ts";
