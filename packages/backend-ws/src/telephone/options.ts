import type { Authenticator } from "@roomkit/transport-utils";

/** Telephone calls on the same mount: `POST {path}/telephone/incoming` and the media stream `{path}/telephone/handler`. */
export interface TelephoneOptions {
  /** Scheme and host the provider reaches this server by, without a path: `https://voice.example`. */
  readonly publicUrl: string;
  /** Says whether the provider really calls: `twilioAuth(...)`. Default: the mount's own. */
  readonly auth?: Authenticator;
}
