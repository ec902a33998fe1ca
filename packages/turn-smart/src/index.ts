export type { SmartTurnsOptions } from "./options.ts";
export { type SmartTurns, smartTurns } from "./smart-turns.ts";
