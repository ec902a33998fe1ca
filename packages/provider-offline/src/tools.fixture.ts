import type { ToolDefinition } from "@roomkit/core";

const tool = (
  name: string,
  description: string,
  properties: Record<string, unknown>,
  required: string[] = [],
): ToolDefinition => ({
  name,
  description,
  parameters: { type: "object", properties, required },
});

/** Tools as applications have them. */
export const TOOLS: readonly ToolDefinition[] = [
  tool(
    "get_weather",
    "Get the current weather for a city",
    { city: { type: "string" }, unit: { enum: ["celsius", "fahrenheit"] } },
    ["city"],
  ),
  tool(
    "set_timer",
    "Start a countdown timer",
    { minutes: { type: "integer", minimum: 1, maximum: 600 }, label: { type: "string" } },
    ["minutes"],
  ),
  tool("roll_dice", "Roll some dice", {
    count: { type: "integer", minimum: 1, default: 1 },
    sides: { type: "integer", default: 6 },
  }),
  tool(
    "transfer_call",
    "Transfer the caller to a human",
    { department: { type: "string", enum: ["sales", "support", "billing"] } },
    ["department"],
  ),
  tool("orderStatus", "Look up the status of an order", { orderNumber: { type: "string", description: "digits" } }, [
    "orderNumber",
  ]),
  tool(
    "send_message",
    "Send a text message to a contact",
    { recipient: { type: "string" }, message: { type: "string" } },
    ["recipient", "message"],
  ),
  tool(
    "set_lights",
    "Switch the lights in a room on or off",
    { room: { enum: ["kitchen", "bedroom", "living_room"] }, on: { type: "boolean" } },
    ["room", "on"],
  ),
  tool("hang_up", "End the call", {}),
];
