import { type Clock, systemClock } from "@roomkit/core";
import { ManagedWebSocket, type Secret, unversioned } from "@roomkit/provider-utils";
import { type ElevenLabsSettings, NAME } from "../options.ts";
import type { Manner } from "../speech/manner.ts";
import { classifyClose } from "./message.ts";

/** The longest the vendor allows, in s: an answer may be long in coming, and we say that we are there. */
const INACTIVITY_S = 180;

/** Where the vendor's WebSockets are, and how to open one. */
export class Endpoint {
  readonly settings: ElevenLabsSettings;
  readonly clock: Clock;
  readonly #key: Secret;

  constructor(settings: ElevenLabsSettings, key: Secret) {
    this.settings = settings;
    this.clock = settings.clock ?? systemClock;
    this.#key = key;
  }

  /** @throws ProviderError for a refused upgrade, `timeout`, `network`; RoomKitError `aborted`. */
  open(kind: "stream-input" | "multi-stream-input", manner: Manner, signal: AbortSignal): Promise<ManagedWebSocket> {
    const { firstByteMs, headers, socket } = this.settings;
    return ManagedWebSocket.open(this.#url(kind, manner), {
      ...socket,
      provider: NAME,
      signal,
      clock: this.clock,
      headers: { ...headers, "xi-api-key": this.#key.reveal() },
      handshakeTimeoutMs: firstByteMs,
      classifyClose,
    });
  }

  /** What the first message of an utterance says besides its one space. */
  opening({ settings }: Manner): object {
    const { pronunciationDictionaries = [] } = this.settings;
    return {
      text: " ",
      voice_settings: settings,
      ...(pronunciationDictionaries.length === 0
        ? {}
        : {
            pronunciation_dictionary_locators: pronunciationDictionaries.map(({ id, versionId }) => ({
              pronunciation_dictionary_id: id,
              version_id: versionId,
            })),
          }),
    };
  }

  #url(kind: string, { voice, model, language, outputFormat }: Manner): URL {
    const { baseURL = "https://api.elevenlabs.io", textNormalization, enableLogging, autoMode } = this.settings;
    const base = unversioned(baseURL).replace(/^http/, "ws");
    const url = new URL(`${base}/v1/text-to-speech/${encodeURIComponent(voice)}/${kind}`);
    const query = {
      model_id: model,
      output_format: outputFormat,
      sync_alignment: true,
      inactivity_timeout: INACTIVITY_S,
      language_code: language,
      apply_text_normalization: textNormalization,
      enable_logging: enableLogging,
      auto_mode: autoMode,
    };
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url;
  }
}
