export { agc } from "./agc.ts";
export type { AgcOptions } from "./options.ts";
