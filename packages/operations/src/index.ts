export type { Check, Readiness } from "./health.ts";
export { type OperatedTransport, type OperateOptions, type Operation, operate } from "./operate.ts";
