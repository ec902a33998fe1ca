import { type JsonSchema, RoomKitError } from "@roomkit/core";
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";

/** Says what to do about a schema that does not tell its own JSON Schema. */
const ADVICE: Readonly<Record<string, string>> = {
  zod: "use zod 4.2 or newer, and not Zod Mini",
  valibot: "wrap the schema in toStandardJsonSchema() of @valibot/to-json-schema",
  arktype: "use arktype 2.1.28 or newer",
};

/** Whether this is a schema of a library that speaks Standard Schema: Zod, Valibot, ArkType and others. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  // Some libraries' schemas are functions.
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  const standard = (value as { readonly "~standard"?: Partial<StandardSchemaV1.Props> | undefined })["~standard"];
  return typeof standard === "object" && standard?.version === 1 && typeof standard.validate === "function";
}

/** What a library is asked for besides, by vendor. */
const OPTIONS: Readonly<Record<string, { readonly libraryOptions: Record<string, unknown> }>> = {
  // A check or a trim that JSON Schema has no word for would make it refuse the schema; the others leave such a thing out, and so does it then.
  valibot: {
    libraryOptions: {
      overrideAction: ({ errors, jsonSchema }: { errors?: unknown; jsonSchema: unknown }) => errors && jsonSchema,
    },
  },
};

/**
 * What a schema takes, as the JSON Schema a model is shown (draft 2020-12).
 *
 * @throws RoomKitError `schema_not_convertible`, with what to do about it.
 */
export function jsonSchemaOf(tool: string, schema: StandardSchemaV1): JsonSchema {
  const { vendor, jsonSchema } = schema["~standard"] as StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props>;
  if (typeof jsonSchema?.input !== "function") {
    const advice =
      ADVICE[vendor] ?? "use a version of it with Standard JSON Schema, or write parameters as JSON Schema";
    throw notConvertible(tool, `this schema of ${vendor} does not tell its JSON Schema: ${advice}`);
  }
  try {
    const { $schema: _dialect, ...parameters } = jsonSchema.input({ target: "draft-2020-12", ...OPTIONS[vendor] });
    return parameters;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const advice = "let the schema take JSON (a date as a string) and transform it";
    throw notConvertible(tool, `${vendor} cannot write this schema as JSON Schema (${why}): ${advice}`, cause);
  }
}

function notConvertible(tool: string, why: string, cause?: unknown): RoomKitError {
  return new RoomKitError("schema_not_convertible", `tool ${JSON.stringify(tool)}: ${why}`, { cause });
}
