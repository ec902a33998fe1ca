export { McpTools } from "./mcp-tools.ts";
export type { McpCall, McpServer, McpTool, McpToolsOptions, McpToolsState } from "./options.ts";
