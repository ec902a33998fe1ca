export * from "./entry.ts";
export * from "./pool.ts";
export * from "./serve.ts";
