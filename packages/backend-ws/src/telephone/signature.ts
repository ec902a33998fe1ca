import { createHmac } from "node:crypto";
import { assertOptions, RoomKitError } from "@roomkit/core";
import { type Authenticator, type ConnectionRequest, tokensEqual } from "@roomkit/transport-utils";
import { type PublicAddress, publicAddress } from "./public-url.ts";

export interface TwilioAuthOptions {
  /** The account's auth token. */
  readonly authToken: string;
  /**
   * Scheme and host the provider calls: `https://voice.example`. With a path when a proxy in front strips it: what reaches this
   * server as `/voice/...` was signed as `https://voice.example/PATH/voice/...`. Nothing a request says of itself is used in its place.
   */
  readonly publicUrl: string;
}

/**
 * Accepts what Twilio signed, with metadata `{ provider: "twilio" }` and the call's fields of an incoming call. Of a call
 * `X-Twilio-Signature` covers the URL and the form fields, sorted; of a media stream the `wss` URL alone.
 *
 * @throws RoomKitError `invalid_option`.
 */
export function twilioAuth(options: TwilioAuthOptions): Authenticator {
  assertOptions("twilioAuth", options, { required: ["authToken", "publicUrl"], string: ["authToken", "publicUrl"] });
  const { authToken } = options;
  if (authToken === "") throw new RoomKitError("invalid_option", "twilioAuth needs the auth token");
  const address = publicAddress(options.publicUrl, "twilioAuth's publicUrl");
  return (request) => {
    const signature = request.header("x-twilio-signature") ?? "";
    const fields = signedFields(request.form);
    // As received, byte for byte: a query put together again is another one.
    const target = Buffer.from(request.target, "latin1");
    let valid = false;
    for (const front of fronts(address, request.kind)) {
      const expected = createHmac("sha1", authToken).update(front).update(target).update(fields).digest("base64");
      valid = tokensEqual(expected, signature) || valid;
    }
    if (!valid) return null;
    const call = Object.fromEntries([...(request.form ?? [])].filter(([name]) => CALL_FIELDS.has(name)));
    return { provider: "twilio", ...call };
  };
}

/**
 * What may stand before the target in what was signed. Twilio is not consistent about ports: each form is tried with the scheme's
 * own port and without any. A stream's address is signed as the `wss` URL it was given as; some of its gateways sign the `https` one.
 */
function fronts({ secure, host, port, path }: PublicAddress, kind: ConnectionRequest["kind"]): readonly string[] {
  const schemes = kind === "websocket" ? (secure ? ["wss", "https"] : ["ws", "http"]) : [secure ? "https" : "http"];
  const ports = ["", `:${port ?? (secure ? "443" : "80")}`];
  // A host's letters have no case; some clients put them small before they call.
  const hosts = [...new Set([host, host.toLowerCase()])];
  return schemes.flatMap((scheme) =>
    hosts.flatMap((name) => ports.map((suffix) => `${scheme}://${name}${suffix}${path}`)),
  );
}

/** The form as Twilio signs it: names in order, and of a name that comes several times each different value, in order too. */
function signedFields(form: URLSearchParams | undefined): string {
  const names = [...new Set(form?.keys())].sort();
  return names.flatMap((name) => [...new Set(form?.getAll(name))].sort().map((value) => name + value)).join("");
}

/** The fields of an incoming call that say who calls whom. */
const CALL_FIELDS = new Set(["CallSid", "AccountSid", "From", "To", "Direction"]);
