import { type OutputUnit, Validator } from "@cfworker/json-schema";
import { assertOptions, RoomKitError, type ToolDefinition } from "@roomkit/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { isStandardSchema } from "./schema.ts";
import { schemaFault } from "./schema-fault.ts";
import type { Tool } from "./tool.ts";
import { isToolSource, type ToolSource } from "./tool-source.ts";

/** Arguments of more characters than this, as JSON, are refused unread. */
const MAX_ARGUMENT_CHARS = 65_536;
/** How many faults of one call the model is told, and how much of each. */
const MAX_FAULTS = 3;
const MAX_FAULT_CHARS = 300;
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

interface Entry {
  readonly tool: Tool;
  readonly validate: (args: unknown) => Checked | Promise<Checked>;
}

interface Tools {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly definitions: readonly ToolDefinition[];
  /** What the sources gave when this was made of it. */
  readonly from: readonly (readonly Tool[])[];
}

/** What a call's arguments come to: a tool, and what it gets; or what is wrong with them, in words for the model. */
export type CheckedCall = { readonly tool: Tool; readonly args: unknown } | Fault;
export interface Fault {
  readonly code: "unknown_tool" | "invalid_arguments";
  readonly fault: string;
}
type Checked = { readonly args: unknown } | { readonly fault: string };

/** The tools of a channel: its own, checked once when the channel is made, and those of sources, as they are now. */
export class ToolSet {
  readonly #own: readonly Tool[];
  readonly #sources: readonly ToolSource[];
  readonly #entries = new Map<string, Entry>();
  #now: Tools | undefined;

  /**
   * @throws RoomKitError `invalid_option` for a bad or repeated name, or a schema that is no object schema or does not resolve. Of a source,
   *   such tools are left out.
   */
  constructor(tools: readonly (Tool | ToolSource)[]) {
    if (!Array.isArray(tools)) throw new RoomKitError("invalid_option", "tools must be an array");
    this.#sources = tools.filter(isToolSource);
    this.#own = tools.filter((tool): tool is Tool => !isToolSource(tool));
    for (const tool of this.#own) {
      if (this.#entries.has(tool.name)) throw invalid(tool.name, "two tools have this name");
      this.#entries.set(tool.name, entryOf(tool));
    }
  }

  /** What the model is shown. */
  get definitions(): readonly ToolDefinition[] {
    return this.#tools.definitions;
  }

  /** `listener` is told when the definitions have changed, until what is given back is called. */
  onChanged(listener: () => void): () => void {
    const stop = this.#sources.map((source) => source.onToolsChanged(listener));
    return () => {
      for (const each of stop) each();
    };
  }

  get(name: string): Tool | undefined {
    return this.#tools.entries.get(name)?.tool;
  }

  /**
   * Checks a call's arguments. At once where nothing has to be waited for.
   *
   * @throws RoomKitError `invalid_schema` when these arguments led to a part of the schema that makes no sense.
   */
  check(name: string, args: unknown): CheckedCall | Promise<CheckedCall> {
    const entry = this.#tools.entries.get(name);
    if (!entry) return { code: "unknown_tool", fault: "there is no such tool" };
    const size = jsonSize(args);
    if (size === undefined) return wrong("the arguments are not JSON");
    if (size > MAX_ARGUMENT_CHARS) return wrong(`the arguments are longer than ${MAX_ARGUMENT_CHARS} characters`);
    const seen = (checked: Checked): CheckedCall =>
      "fault" in checked ? wrong(checked.fault) : { tool: entry.tool, args: checked.args };
    const unusable = (cause: unknown): never => {
      throw new RoomKitError("invalid_schema", `the schema of tool ${name} cannot be used`, { cause });
    };
    try {
      const checked = entry.validate(args);
      return checked instanceof Promise ? checked.then(seen, unusable) : seen(checked);
    } catch (error) {
      return unusable(error);
    }
  }

  get #tools(): Tools {
    const from = this.#sources.map(({ tools }) => tools);
    if (this.#now && from.every((tools, index) => tools === this.#now?.from[index])) return this.#now;
    const entries = new Map(this.#entries);
    for (const tool of from.flat()) {
      const entry = usable(tool);
      if (entry && !entries.has(tool.name)) entries.set(tool.name, entry);
    }
    const definitions = [...entries.values()].map(({ tool: { name, description, parameters } }) => ({
      ...{ name, description, parameters },
    }));
    this.#now = { entries, definitions, from };
    return this.#now;
  }
}

/** @throws RoomKitError `invalid_option`. */
export function entryOf(tool: Tool): Entry {
  const named = typeof tool?.name === "string" ? `tool ${JSON.stringify(tool.name)}` : "a tool";
  assertOptions<Tool>(named, tool, {
    required: ["name", "parameters", "execute"],
    string: ["name", "description"],
    object: ["parameters", "schema"],
    number: ["timeoutMs"],
    function: ["execute"],
  });
  const { name, parameters, schema, timeoutMs } = tool;
  if (!NAME.test(name)) throw invalid(name, "a tool's name has 1 to 64 letters, digits, _ or -");
  if (isStandardSchema(parameters)) throw invalid(name, "a tool with a schema of a library is made by defineTool");
  if (parameters.type !== "object") throw invalid(name, "parameters must be a schema of type object");
  const fault = schemaFault(parameters);
  if (fault) throw invalid(name, fault);
  if (timeoutMs !== undefined && !(timeoutMs > 0)) throw invalid(name, "timeoutMs must be > 0");
  return { tool, validate: schema === undefined ? byJsonSchema(tool) : byStandardSchema(schema) };
}

function usable(tool: Tool): Entry | undefined {
  try {
    return entryOf(tool);
  } catch {
    return undefined;
  }
}

function invalid(name: string, why: string): RoomKitError {
  return new RoomKitError("invalid_option", `tool ${JSON.stringify(name)}: ${why}`);
}

function wrong(fault: string): Fault {
  return { code: "invalid_arguments", fault };
}

function byJsonSchema(tool: Tool): Entry["validate"] {
  const validator = compile(tool);
  return (args) => {
    const result = validator.validate(args);
    return result.valid ? { args } : { fault: told(leaves(result.errors).map(sentence)) };
  };
}

function byStandardSchema(schema: StandardSchemaV1): Entry["validate"] {
  const validate = ownAsyncCheck(schema) ?? schema["~standard"].validate;
  const read = (result: StandardSchemaV1.Result<unknown>): Checked =>
    result.issues ? { fault: told(result.issues.map(issueSentence)) } : { args: result.value };
  return (args) => {
    const result = validate(args);
    return "then" in result ? Promise.resolve(result).then(read) : read(result);
  };
}

/**
 * Zod's `validate` first runs a schema as if nothing in it were asynchronous, drops what an asynchronous refinement gave, and begins anew:
 * the refinement runs twice, and one that rejects, as a database that is away, is an unhandled rejection, which ends a Node process.
 */
function ownAsyncCheck(schema: StandardSchemaV1): StandardSchemaV1.Props["validate"] | undefined {
  const zod = schema as Partial<ZodSchema>;
  if (schema["~standard"].vendor !== "zod" || typeof zod.safeParseAsync !== "function") return undefined;
  return async (args) => {
    const { error, data } = await (zod as ZodSchema).safeParseAsync(args);
    return error ? { issues: error.issues } : { value: data };
  };
}

/** The part of a schema of Zod that is used here. */
interface ZodSchema {
  safeParseAsync(value: unknown): Promise<{
    readonly data?: unknown;
    readonly error?: { readonly issues: readonly StandardSchemaV1.Issue[] };
  }>;
}

function compile(tool: Tool): Validator {
  try {
    const validator = new Validator(tool.parameters, "2020-12", false);
    // What is wrong with a schema shows only in use; what shows for no arguments at all is found here already.
    validator.validate({});
    return validator;
  } catch (error) {
    throw new RoomKitError(
      "invalid_option",
      `tool ${JSON.stringify(tool.name)}: parameters is not a usable JSON Schema`,
      {
        cause: error,
      },
    );
  }
}

function jsonSize(value: unknown): number | undefined {
  try {
    return JSON.stringify(value)?.length;
  } catch {
    return undefined;
  }
}

/** The validator reports a fault once for every schema around it; the innermost say what is wrong. */
function leaves(errors: readonly OutputUnit[]): readonly OutputUnit[] {
  return errors.filter((error) => !errors.some((other) => other !== error && inside(other, error)));
}

function inside(inner: OutputUnit, outer: OutputUnit): boolean {
  return inner.keywordLocation.startsWith(`${outer.keywordLocation}/`);
}

function told(faults: readonly string[]): string {
  return faults
    .slice(0, MAX_FAULTS)
    .map((fault) => fault.slice(0, MAX_FAULT_CHARS))
    .join(" ");
}

function sentence(fault: OutputUnit): string {
  const where = fault.instanceLocation.replace(/^#\/?/, "");
  return `${where === "" ? "arguments" : where}: ${fault.error}`;
}

function issueSentence({ path = [], message }: StandardSchemaV1.Issue): string {
  const where = path.map((step) => String(typeof step === "object" ? step.key : step)).join("/");
  return `${where === "" ? "arguments" : where}: ${message}`;
}
