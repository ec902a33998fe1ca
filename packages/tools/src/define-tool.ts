import { assertOptions, type JsonSchema } from "@roomkit/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { isStandardSchema, jsonSchemaOf } from "./schema.ts";
import type { ArgumentsOf, Tool, ToolContext } from "./tool.ts";
import { entryOf } from "./tool-set.ts";

/**
 * Writes a tool whose `execute` gets arguments typed by its own parameters: a JSON Schema, or a schema of Zod, Valibot, ArkType or another
 * library of the Standard Schema.
 *
 * @throws RoomKitError `invalid_option` for a bad name or schema, or without `execute`; `schema_not_convertible`: a model cannot be shown such a schema; the message says what to do.
 */
export function defineTool<const S extends JsonSchema | StandardSchemaV1>(tool: {
  readonly name: string;
  readonly description: string;
  readonly parameters: S;
  readonly timeoutMs?: number | undefined;
  execute(args: ArgumentsOf<S>, context: ToolContext): unknown;
}): Tool<ArgumentsOf<S>> {
  assertOptions("defineTool", tool, {});
  const { parameters, ...rest } = tool;
  let made: Tool<ArgumentsOf<S>>;
  if (isStandardSchema(parameters)) {
    const schema = parameters as StandardSchemaV1<unknown, ArgumentsOf<S>>;
    made = { ...rest, schema, parameters: jsonSchemaOf(tool.name, schema) };
  } else made = tool as typeof tool & { readonly parameters: JsonSchema };
  entryOf(made as Tool);
  return made;
}
