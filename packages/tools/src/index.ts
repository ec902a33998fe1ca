export { defineTool } from "./define-tool.ts";
export {
  type Handoff,
  type HandoffContext,
  type HandoffHistory,
  type HandoffRequest,
  handoffContent,
  readHandoff,
} from "./handoff.ts";
export { type HandoffToOptions, handoffTo } from "./handoff-to.ts";
export { clip, NOT_BEGUN, OUTCOME_UNKNOWN, runTool, STOPPED, type ToolOutcome } from "./run-tool.ts";
export type { ToolScope } from "./scope.ts";
export type { ArgumentsOf, Tool, ToolContext } from "./tool.ts";
export { LOG_TIMEOUT_MS, ToolLog } from "./tool-log.ts";
export { type CheckedCall, type Fault, ToolSet } from "./tool-set.ts";
export type { ToolSource } from "./tool-source.ts";
