import type { Tool as ServerTool } from "@modelcontextprotocol/client";
import { errorFields, type JsonSchema, RoomKitError, saidTrue } from "@roomkit/core";
import { clip, type Tool, type ToolContext, ToolSet } from "@roomkit/tools";
import type { McpSettings, McpTool } from "./options.ts";

const MAX_DESCRIPTION_CHARS = 4_096;
/** A larger schema is none a model should be shown with every request. */
const MAX_SCHEMA_CHARS = 32_768;
const MAX_NAME_CHARS = 64;

export type Call = (tool: McpTool, args: unknown, context: ToolContext) => Promise<string>;

/** The tools of a server's list that the application allows, as tools of a channel. What cannot be one is left out, and logged. */
export function offeredTools(list: readonly ServerTool[], settings: McpSettings, call: Call): readonly Tool[] {
  const { maxTools, logger } = settings;
  const taken = new Map<string, Tool>();
  for (const raw of list) {
    const mcp = toldBy(raw);
    if (!isAllowed(mcp, settings)) continue;
    const tool = toolOf(mcp, raw.inputSchema, settings, call);
    const why = taken.size >= maxTools ? "too_many" : taken.has(tool.name) ? "name_taken" : faultOf(tool);
    if (why === undefined) taken.set(tool.name, tool);
    else logger.warn({ tool: tool.name, code: why }, "a tool of an MCP server is left out");
  }
  return [...taken.values()];
}

/** Only `true` allows a tool. A function that throws, or gives a promise, has not said so. */
function isAllowed(tool: McpTool, { tools: allowed, logger }: McpSettings): boolean {
  if (typeof allowed !== "function") return allowed.includes(tool.name);
  try {
    return saidTrue(allowed(tool), "tools of McpTools");
  } catch (error) {
    const fields = errorFields(RoomKitError.from(error));
    logger.warn({ tool: tool.name, ...fields }, "whether an MCP tool is allowed was not said");
    return false;
  }
}

function toldBy({ name, description = "", annotations = {} }: ServerTool): McpTool {
  return { name, description, annotations };
}

function toolOf(mcp: McpTool, schema: ServerTool["inputSchema"], settings: McpSettings, call: Call): Tool {
  const { prefix, callTimeoutMs, approve, approveTimeoutMs } = settings;
  const { $schema: _dialect, ...parameters }: JsonSchema = schema;
  return {
    // Servers use dots and slashes, which no vendor of models takes.
    name: `${prefix}${mcp.name}`.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, MAX_NAME_CHARS),
    description: clip(mcp.description, MAX_DESCRIPTION_CHARS),
    parameters,
    timeoutMs: callTimeoutMs + (approve ? approveTimeoutMs : 0),
    execute: (args, context) => call(mcp, args, context),
  };
}

function faultOf(tool: Tool): string | undefined {
  try {
    if (JSON.stringify(tool.parameters).length > MAX_SCHEMA_CHARS) return "schema_too_large";
    new ToolSet([tool]);
    return undefined;
  } catch (error) {
    return RoomKitError.from(error).code;
  }
}
