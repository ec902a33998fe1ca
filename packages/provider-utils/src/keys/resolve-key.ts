import { RoomKitError } from "@roomkit/core";
import { Secret } from "./secret.ts";

export interface ResolveKeyOptions {
  /** The provider's name, for the error. */
  readonly provider: string;
  /** What the application passed. Comes before the environment. */
  readonly option?: string | Secret | undefined;
  /** The vendor's usual environment variable, or several, the first that is set wins. */
  readonly env: string | readonly string[];
  /** Where variables are read from. Default `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * The key of a vendor, from the options or the environment.
 *
 * @throws RoomKitError `missing_key` when there is none (its message names the variable), `invalid_option` when it could not
 *   stand in a header. Neither shows the key.
 */
export function resolveKey(options: ResolveKeyOptions): Secret {
  const { provider, option, environment = process.env } = options;
  if (option instanceof Secret) return option;
  const names = typeof options.env === "string" ? [options.env] : options.env;
  const value = [option, ...names.map((name) => environment[name])].map((text) => text?.trim()).find((text) => text);
  if (value === undefined) {
    throw new RoomKitError("missing_key", `${provider} needs a key: pass apiKey, or set ${names.join(" or ")}`, {
      details: { provider, env: names },
    });
  }
  // Printable ASCII without spaces: anything else breaks (or splits) the header it goes into.
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new RoomKitError("invalid_option", `the key for ${provider} has characters that no key has`, {
      details: { provider },
    });
  }
  return new Secret(value);
}
