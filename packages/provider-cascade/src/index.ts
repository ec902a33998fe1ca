export { cascade } from "./cascade.ts";
export type { CascadeOptions } from "./options.ts";
