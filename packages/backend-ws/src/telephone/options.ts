import type { Authenticator } from "@roomkit/transport-utils";

/** Telephone calls on the same mount: `POST {path}/telephone/incoming` and the media stream `{path}/telephone/handler`. */
export interface TelephoneOptions {
  /** Scheme and host the provider reaches this server by, `https://voice.example`, and the path where a proxy strips one. */
  readonly publicUrl: string;
  /** Says whether the provider really calls: `twilioAuth(...)`. Default: the mount's own. */
  readonly auth?: Authenticator | undefined;
  /**
   * What the session factory is to be told of a call besides `From`, `To` and `CallSid`: comes back as `context.call.parameters`. A
   * name with its value has at most 500 characters, as Twilio allows; a value of `undefined` leaves one of the three out.
   */
  readonly parameters?:
    | ((
        call: IncomingCall,
      ) => Readonly<Record<string, string | undefined>> | Promise<Readonly<Record<string, string | undefined>>>)
    | undefined;
}

/** A call a provider asks about. */
export interface IncomingCall {
  /** Every field the provider posted, `From` and `To` among them. */
  readonly form: URLSearchParams;
  /** Query of the address it posted to. */
  readonly query: URLSearchParams;
  /** What authentication said. */
  readonly metadata: Readonly<Record<string, unknown>>;
}
