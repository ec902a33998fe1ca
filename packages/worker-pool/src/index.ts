export * from "./entry.ts";
export * from "./pool.ts";
export * from "./recipe.ts";
export * from "./serve.ts";
export * from "./wire-error.ts";
