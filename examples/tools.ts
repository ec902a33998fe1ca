// What an assistant may do: two tools, one whose arguments are a Zod schema, one with a plain JSON Schema. Arguments are checked
// before anything runs, and typed in `execute`.
//
//   npm run example tools        then open the address it prints
//
// Try: "Order three pumps", "Order three bells" (they come in pairs: the schema says so), "When are you open on Sunday?"
// With ANTHROPIC_API_KEY a model chooses the tools; without a key offlineAI does, by the words of their descriptions.
import { anthropicAI } from "@roomkit/provider-anthropic";
import { defineTool, offlineAI, RoomKit, voice } from "roomkit";
import { z } from "zod";

const orders: { item: string; pieces: number }[] = [];

const order = defineTool({
  name: "order_items",
  description: "Order items of the shop.",
  parameters: z
    .object({
      item: z.enum(["pump", "tyre", "bell"]).describe("What is ordered."),
      pieces: z.int().min(1).max(20).describe("How many."),
    })
    .refine(({ item, pieces }) => item !== "bell" || pieces % 2 === 0, "bells are sold in pairs"),
  // Any schema library with Standard Schema does: Zod, Valibot, ArkType. `item` and `pieces` are typed by it.
  execute({ item, pieces }) {
    orders.push({ item, pieces });
    return `${pieces} of item ${item} will be sent tomorrow`;
  },
});

const hours = defineTool({
  name: "opening_hours",
  description: "When the shop is open on a day.",
  parameters: {
    type: "object",
    properties: {
      day: { enum: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] },
    },
    required: ["day"],
  },
  execute: ({ day }) => (day === "Sunday" ? "closed on Sunday" : `open on ${day} from nine to six`),
});

const { PORT = "8000", ANTHROPIC_API_KEY } = process.env;
const kit = new RoomKit();
const ai = ANTHROPIC_API_KEY ? anthropicAI({ model: "claude-haiku-4-5" }) : offlineAI();
const line = await voice(kit, {
  ai,
  system: "You answer the telephone of a bicycle shop, in one or two sentences.",
  tools: [order, hours],
  greeting: "Hello, this is the bicycle shop.",
  port: Number(PORT),
});
console.log(`Open ${line.url} and speak English`);

// Every call of a tool can be stopped or changed before it runs, and is told of afterwards.
kit.hook("BEFORE_TOOL_USE", ({ call }) => {
  const enough = call.name === "order_items" && orders.length >= 10;
  return enough ? { action: "block", reason: "ten orders are enough" } : undefined;
});
kit.hook("ON_TOOL_CALL", ({ call, result, isError }) => {
  console.log(`${call.name} ${JSON.stringify(call.arguments)}: ${isError ? "refused, " : ""}${result}`);
});

process.once("SIGTERM", async () => {
  await line.close();
  await kit.close();
  await ai.close?.();
});
