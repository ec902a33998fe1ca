export type { MoonshineOptions } from "./options.ts";
export { moonshineStt } from "./provider.ts";
