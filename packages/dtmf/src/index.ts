export { dtmf } from "./detector.ts";
export type { DtmfOptions } from "./options.ts";
export { type DtmfToneOptions, dtmfTones } from "./tones.ts";
