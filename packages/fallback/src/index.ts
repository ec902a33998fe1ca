export type { FallbackOptions, FallbackSwitch } from "./options.ts";
export { withFallback } from "./with-fallback.ts";
