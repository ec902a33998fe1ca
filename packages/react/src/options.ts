import { VoiceClient, type VoiceClientOptions } from "@roomkit/client";

/** What the hooks need of a client. `VoiceClient` is one; tests bring their own. */
export type CallClient = Pick<VoiceClient, keyof VoiceClient>;

/** How a call is made. */
export interface CallSetup extends VoiceClientOptions {
  /** Makes the client of one connection. Default: a `VoiceClient`. */
  readonly createClient?: ((options: VoiceClientOptions) => CallClient) | undefined;
}

/** The client that `setup` asks for. @throws VoiceClientError `invalid_option`, `insecure_url`. */
export function makeClient({ createClient, ...options }: CallSetup): CallClient {
  return createClient ? createClient(options) : new VoiceClient(options);
}
