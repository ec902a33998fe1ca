import { type OpenAIConnectionOptions, refuse } from "../connection/connection.ts";

export interface OpenAITtsOptions extends OpenAIConnectionOptions {
  /** Default `gpt-4o-mini-tts`. */
  readonly model?: string | undefined;
  /** A voice of the vendor (`marin`, `cedar`, `alloy`, ...) or of the account. Default `marin`. */
  readonly voice?: string | undefined;
  /** How to speak: tone, accent, mood. Not for the `tts-1` models. */
  readonly instructions?: string | undefined;
}

/** @throws RoomKitError `invalid_option`. */
export function checkTtsOptions({ model = "-", voice = "-" }: OpenAITtsOptions): void {
  if (model === "" || voice === "") refuse("model and voice must not be empty");
}
