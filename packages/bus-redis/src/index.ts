export type { RedisBusOptions } from "./options.ts";
export { RedisBus, type TokenBucket } from "./redis-bus.ts";
