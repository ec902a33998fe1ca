export * from "./opus.ts";
