import type { Tool } from "./tool.ts";

/** Tools that may come and go while a channel stands: those of a server, say. */
export interface ToolSource {
  /** Those there are now; another array whenever they have changed. Never throws. */
  readonly tools: readonly Tool[];
  /** `listener` is told when they have changed. */
  onToolsChanged(listener: () => void): () => void;
}

/** Whether this is a source of tools, and no tool. */
export function isToolSource(value: Tool | ToolSource): value is ToolSource {
  return typeof (value as Partial<ToolSource> | null)?.onToolsChanged === "function";
}
