export * from "./alaw.ts";
export * from "./mulaw.ts";
