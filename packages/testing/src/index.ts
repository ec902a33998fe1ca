export * from "./clock.ts";
export * from "./settle.ts";
