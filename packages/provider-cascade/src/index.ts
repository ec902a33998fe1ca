export { cascade } from "./cascade.ts";
export type { CascadeOptions, PreparedAnswer } from "./options.ts";
