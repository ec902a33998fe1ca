import { type OpenAIConnectionOptions, refuse } from "../connection/connection.ts";

export interface OpenAISttOptions extends OpenAIConnectionOptions {
  /** Default `gpt-4o-transcribe`; `gpt-4o-mini-transcribe` is sooner, `whisper-1` older. */
  readonly model?: string | undefined;
  /** BCP 47 tag where the call names none, e.g. `en-US`. Default: the model finds out. */
  readonly language?: string | undefined;
  /** What the speech is about, in its own language: helps with names and terms. */
  readonly prompt?: string | undefined;
  /** Whether the answer is streamed, which shows sooner that it will not come. Default: for `gpt-*` models. */
  readonly streamed?: boolean | undefined;
  /** Audio that is transcribed at once, ms; longer speech comes in several finals. 1,000 to 600,000. Default 60,000. */
  readonly maxSegmentMs?: number | undefined;
}

/** @throws RoomKitError `invalid_option`. */
export function checkSttOptions({ model = "-", maxSegmentMs = 60_000 }: OpenAISttOptions): void {
  if (model === "") refuse("model must not be empty");
  if (!(maxSegmentMs >= 1_000 && maxSegmentMs <= 600_000)) refuse("maxSegmentMs must be 1,000 to 600,000");
}
