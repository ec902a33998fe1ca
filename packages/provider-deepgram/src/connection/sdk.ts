import type { DeepgramClient } from "@deepgram/sdk";
import { loadOnce, resolveKey, type Secret, unversioned } from "@roomkit/provider-utils";
import { type DeepgramConnectionOptions, NAME } from "./options.ts";

type Sdk = typeof import("@deepgram/sdk");
/** How a client reaches the vendor. */
type Ways = Pick<NonNullable<ConstructorParameters<Sdk["DeepgramClient"]>[0]>, "fetch" | "transportFactory">;

/** Makes clients of the SDK, which is loaded when it is first needed. */
export class DeepgramSdk {
  readonly #options: Omit<DeepgramConnectionOptions, "apiKey">;
  readonly #key: Secret;
  readonly #load = loadOnce(() => import("@deepgram/sdk"));

  /** @throws RoomKitError `missing_key`, `invalid_option`. */
  constructor({ apiKey, ...options }: DeepgramConnectionOptions) {
    this.#options = options;
    this.#key = resolveKey({ provider: NAME, option: apiKey, env: "DEEPGRAM_API_KEY" });
  }

  async load(): Promise<void> {
    await this.#load();
  }

  /** A client for one stream or request: each has a session id of its own, which the vendor's support asks for. */
  async client(ways: Ways): Promise<DeepgramClient> {
    const { baseURL = "https://api.deepgram.com", headers } = this.#options;
    const { DeepgramClient: Client } = await this.#load();
    const base = unversioned(baseURL);
    const production = base.replace(/^http/, "ws");
    return new Client({
      apiKey: this.#key.reveal(),
      environment: { base, production, agent: production, agentRest: base },
      maxRetries: 0,
      ...(headers && { headers: { ...headers } }),
      ...ways,
    });
  }
}
