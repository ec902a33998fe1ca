export type { FliteOptions } from "./options.ts";
export { fliteTts } from "./provider.ts";
