import { defined, RoomKitError } from "@roomkit/core";
import {
  fernError,
  incomplete,
  loadOnce,
  type Secret,
  unversioned,
  withStreamTimeouts,
  witnessedFetch,
} from "@roomkit/provider-utils";
import { type ElevenLabsSettings, NAME } from "../options.ts";
import type { Manner } from "../speech/manner.ts";

type Sdk = typeof import("@elevenlabs/elevenlabs-js");
type Request = Parameters<InstanceType<Sdk["ElevenLabsClient"]>["textToSpeech"]["stream"]>[1];

/** Requests for speech, with the SDK, which is loaded when it is first needed: that takes seconds. */
export class SpeechRequests {
  readonly #settings: ElevenLabsSettings;
  readonly #key: Secret;
  /** @throws RoomKitError `missing_dependency`. */
  readonly load: () => Promise<Sdk> = loadOnce(loadSdk);

  constructor(settings: ElevenLabsSettings, key: Secret) {
    this.#settings = settings;
    this.#key = key;
  }

  /** The bytes of one piece of text, in chunks that may end within a sample. @throws ProviderError; RoomKitError `aborted`. */
  async *bytes(
    text: string,
    before: string,
    manner: Manner,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { baseURL, headers, clock, firstByteMs = 10_000, stallMs = 10_000 } = this.#settings;
    const { fetch, seen } = witnessedFetch(this.#settings.fetch);
    const sdk = await this.load();
    const client = new sdk.ElevenLabsClient({
      apiKey: this.#key.reveal(),
      maxRetries: 0,
      fetch,
      ...defined({ baseUrl: unversioned(baseURL), headers: headers && { ...headers } }),
    });
    const chunks = withStreamTimeouts(
      async (inner) => {
        const body = await client.textToSpeech.stream(manner.voice, this.#request(text, before, manner), {
          abortSignal: inner,
          maxRetries: 0,
          // Ours comes first.
          timeoutInSeconds: Math.ceil(firstByteMs / 1000) + 1,
        });
        return body as unknown as AsyncIterable<Uint8Array>;
      },
      {
        provider: NAME,
        signal,
        firstByteMs,
        stallMs,
        clock,
        mapError: (error) => fernError(error, { provider: NAME, clock, seen: seen() }),
      },
    );
    let empty = true;
    for await (const chunk of chunks) {
      if (chunk.length === 0) continue;
      empty = false;
      yield chunk;
    }
    // That audio stops too early cannot be told; that there is none can.
    if (empty) throw incomplete(NAME);
  }

  #request(text: string, before: string, { model, language, outputFormat, settings }: Manner): Request {
    const { textNormalization, enableLogging, pronunciationDictionaries } = this.#settings;
    return {
      text,
      modelId: model,
      outputFormat,
      ...(before === "" ? {} : { previousText: before }),
      languageCode: language,
      voiceSettings: settings && camelCased(settings),
      applyTextNormalization: textNormalization,
      enableLogging,
      pronunciationDictionaryLocators: pronunciationDictionaries?.map(({ id, versionId }) => ({
        pronunciationDictionaryId: id,
        versionId,
      })),
    } as Request;
  }
}

/** In a `try`, by which bundlers know that the SDK may be absent. @throws RoomKitError `missing_dependency`. */
async function loadSdk(): Promise<Sdk> {
  try {
    return await import("@elevenlabs/elevenlabs-js");
  } catch (cause) {
    const message = "the http transport needs the SDK: install @elevenlabs/elevenlabs-js";
    throw new RoomKitError("missing_dependency", message, { cause });
  }
}

/** The names the SDK has for them. */
function camelCased(settings: Readonly<Record<string, number | boolean>>): Record<string, number | boolean> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}
