import { type OutputUnit, Validator } from "@cfworker/json-schema";
import { assertOptions, RoomKitError, type ToolDefinition } from "@roomkit/core";
import type { Tool } from "./tool.ts";

/** Arguments of more characters than this, as JSON, are refused unread. */
const MAX_ARGUMENT_CHARS = 65_536;
/** How many faults of one call the model is told. */
const MAX_FAULTS = 3;
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

interface Entry {
  readonly tool: Tool;
  readonly validator: Validator;
}

/** The tools of a channel, checked once when the channel is made. */
export class ToolSet {
  /** What the model is shown. */
  readonly definitions: readonly ToolDefinition[];
  readonly #entries = new Map<string, Entry>();

  /** @throws RoomKitError `invalid_option` for a bad or repeated name, or a schema that is no object schema or does not resolve. */
  constructor(tools: readonly Tool[]) {
    if (!Array.isArray(tools)) throw new RoomKitError("invalid_option", "tools must be an array");
    for (const tool of tools) {
      assertOptions<Tool>("a tool", tool, {
        required: ["name", "parameters", "execute"],
        string: ["name", "description"],
        object: ["parameters"],
        number: ["timeoutMs"],
        function: ["execute"],
      });
      if (!NAME.test(tool.name)) throw invalid(tool.name, "a tool's name has 1 to 64 letters, digits, _ or -");
      if (this.#entries.has(tool.name)) throw invalid(tool.name, "two tools have this name");
      if (tool.parameters.type !== "object") throw invalid(tool.name, "parameters must be a schema of type object");
      if (tool.timeoutMs !== undefined && !(tool.timeoutMs > 0)) throw invalid(tool.name, "timeoutMs must be > 0");
      this.#entries.set(tool.name, { tool, validator: compile(tool) });
    }
    this.definitions = tools.map(({ name, description, parameters }) => ({ name, description, parameters }));
  }

  get(name: string): Tool | undefined {
    return this.#entries.get(name)?.tool;
  }

  /**
   * What is wrong with the arguments, in words for the model; undefined when they fit the tool's schema.
   *
   * @throws RoomKitError `invalid_schema` when these arguments led to a part of the schema that makes no sense.
   */
  faults(name: string, args: unknown): string | undefined {
    const entry = this.#entries.get(name);
    if (!entry) return "there is no such tool";
    const size = jsonSize(args);
    if (size === undefined) return "the arguments are not JSON";
    if (size > MAX_ARGUMENT_CHARS) return `the arguments are longer than ${MAX_ARGUMENT_CHARS} characters`;
    let result: ReturnType<Validator["validate"]>;
    try {
      result = entry.validator.validate(args);
    } catch (error) {
      throw new RoomKitError("invalid_schema", `the schema of tool ${name} cannot be used`, { cause: error });
    }
    if (result.valid) return undefined;
    return leaves(result.errors).slice(0, MAX_FAULTS).map(sentence).join(" ");
  }
}

function invalid(name: string, why: string): RoomKitError {
  return new RoomKitError("invalid_option", `tool ${JSON.stringify(name)}: ${why}`);
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

function sentence(fault: OutputUnit): string {
  const where = fault.instanceLocation.replace(/^#\/?/, "");
  return `${where === "" ? "arguments" : where}: ${fault.error}`;
}
