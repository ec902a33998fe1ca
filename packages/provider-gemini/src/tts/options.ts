import { refuse } from "../connection/name.ts";
import type { GeminiConnectionOptions } from "../connection/options.ts";

export interface GeminiTtsOptions extends GeminiConnectionOptions {
  /** Default `gemini-2.5-flash-preview-tts`. */
  readonly model?: string | undefined;
  /** A prebuilt voice: `Kore`, `Puck`, `Aoede`, ... Default `Kore`. */
  readonly voice?: string | undefined;
  /** How to speak, as an order to the model: "Say calmly". Set before every piece of text; at most 4,000 characters. */
  readonly instructions?: string | undefined;
}

/** @throws RoomKitError `invalid_option`. */
export function checkTtsOptions({ model = "-", voice = "-", instructions = "-" }: GeminiTtsOptions): void {
  if (model === "" || voice === "") refuse("model and voice must not be empty");
  // Together with a piece of text they must fit into one request.
  if (instructions.trim() === "" || instructions.length > 4_000) refuse("instructions must have 1 to 4,000 characters");
}
