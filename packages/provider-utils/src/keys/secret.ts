import { inspect } from "node:util";
import { registerSecret } from "./redact.ts";

const REDACTED = "[redacted]";

/** Holds a key so that it cannot be printed by accident: it shows as `[redacted]` in a log, in JSON and in a template. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    registerSecret(value);
  }

  /** The key itself, for the header it goes into. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  static {
    // Not a method: isolatedDeclarations cannot name a symbol of another module.
    Object.defineProperty(Secret.prototype, inspect.custom, { value: () => REDACTED });
  }
}
