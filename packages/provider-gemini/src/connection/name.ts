import { RoomKitError } from "@roomkit/core";
import { resolveKey, type Secret } from "@roomkit/provider-utils";

export const NAME = "gemini";

/** @throws RoomKitError `invalid_option`. */
export function refuse(what: string): never {
  throw new RoomKitError("invalid_option", `${NAME}: ${what}`);
}

/** @throws RoomKitError `missing_key`, `invalid_option`. */
export function keyOf(apiKey: string | Secret | undefined): Secret {
  return resolveKey({ provider: NAME, option: apiKey, env: ["GEMINI_API_KEY", "GOOGLE_API_KEY"] });
}
