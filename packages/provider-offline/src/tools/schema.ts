import type { ToolDefinition } from "@roomkit/core";
import { nameWords } from "./vocabulary.ts";

/** One argument of a tool, as far as the words of a person can fill it. */
export interface Parameter {
  readonly name: string;
  /** Its name as words: `delay minutes`. */
  readonly words: string;
  readonly type: "string" | "number" | "integer" | "boolean" | "array" | "other";
  /** The values it may have; of an array: its items. */
  readonly choices: readonly string[] | undefined;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly description: string;
  readonly required: boolean;
  readonly hasDefault: boolean;
}

type Schema = Readonly<Record<string, unknown>>;

export function parametersOf(tool: ToolDefinition): readonly Parameter[] {
  const properties = asSchema(tool.parameters.properties);
  const required = Array.isArray(tool.parameters.required) ? (tool.parameters.required as unknown[]) : [];
  return Object.entries(properties).map(([name, value]) => {
    const schema = asSchema(value);
    const choices = schema.enum ?? asSchema(schema.items).enum;
    return {
      name,
      words: nameWords(name).join(" "),
      type: typeOf(schema),
      choices: Array.isArray(choices) ? choices.filter((choice) => typeof choice === "string") : undefined,
      minimum: numberOf(schema.minimum),
      maximum: numberOf(schema.maximum),
      description: typeof schema.description === "string" ? schema.description : "",
      required: required.includes(name),
      hasDefault: schema.default !== undefined,
    };
  });
}

function typeOf(schema: Schema): Parameter["type"] {
  // `["string", "null"]`: the first that is no null.
  const type: unknown = Array.isArray(schema.type) ? schema.type.find((entry) => entry !== "null") : schema.type;
  if (type === undefined && Array.isArray(schema.enum)) return "string";
  return type === "string" || type === "number" || type === "integer" || type === "boolean" || type === "array"
    ? type
    : "other";
}

function asSchema(value: unknown): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
