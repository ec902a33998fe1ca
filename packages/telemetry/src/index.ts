export { type LogOptions, logCalls } from "./logs/log-calls.ts";
export { type TraceOptions, traceCalls } from "./traces/trace-calls.ts";
