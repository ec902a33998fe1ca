import { createHmac } from "node:crypto";
import { RoomKitError } from "@roomkit/core";
import { type Authenticator, tokensEqual } from "@roomkit/transport-utils";

export interface TwilioAuthOptions {
  /** The account's auth token. */
  readonly authToken: string;
  /** Scheme and host the provider calls, without a path: `https://voice.example`. What reaches this server behind a proxy may differ. */
  readonly publicUrl: string;
}

/**
 * Accepts what Twilio signed, with metadata `{ provider: "twilio" }` and the call's fields of an incoming call. Of a call
 * `X-Twilio-Signature` covers the URL and the form fields, sorted; of a media stream the `wss` URL alone.
 *
 * @throws RoomKitError `invalid_option`.
 */
export function twilioAuth(options: TwilioAuthOptions): Authenticator {
  const { authToken, publicUrl } = options;
  if (authToken === "" || !/^https?:\/\/[^/]+$/.test(publicUrl)) {
    throw new RoomKitError("invalid_option", "twilioAuth needs the auth token and a URL of scheme and host");
  }
  return (request) => {
    const base = request.kind === "websocket" ? publicUrl.replace(/^http/, "ws") : publicUrl;
    const query = request.query.toString();
    const fields = [...(request.form ?? [])].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const signed = `${base}${request.path}${query && `?${query}`}${fields.map(([name, value]) => name + value).join("")}`;
    const expected = createHmac("sha1", authToken).update(signed).digest("base64");
    if (!tokensEqual(expected, request.header("x-twilio-signature") ?? "")) return null;
    const call = Object.fromEntries(fields.filter(([name]) => CALL_FIELDS.has(name)));
    return { provider: "twilio", ...call };
  };
}

/** The fields of an incoming call that say who calls whom. */
const CALL_FIELDS = new Set(["CallSid", "AccountSid", "From", "To", "Direction"]);
