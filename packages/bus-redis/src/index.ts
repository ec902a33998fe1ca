export type { RedisBusOptions } from "./options.ts";
export { openRedisBus, type RedisBus, type TokenBucket } from "./redis-bus.ts";
