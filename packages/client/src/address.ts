import { VoiceClientError } from "./errors.ts";

/** Endpoints of a mount: what people copy instead of the mount's own address. */
const ENDPOINT =
  /(\/+(websocket\/+offer|webrtc\/+offer|telephone\/+(handler|incoming)|config|ui(\/+index\.html)?))?\/*$/;

/** Hosts that browsers reach without encryption from a secure page too: they are this device. */
const THIS_DEVICE = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * The mount an address means: absolute, http or https, without the slash at the end, without the endpoint it may name.
 *
 * @param base what a relative address is relative to: the page.
 * @throws VoiceClientError `invalid_option`.
 */
export function resolveMount(value: unknown, base: string | undefined): URL {
  const given = value instanceof URL ? value.href : value;
  if (typeof given !== "string" || given.trim() === "") throw invalid();
  let url: URL;
  try {
    url = new URL(given, base);
    // ws: to http:, wss: to https:.
    url = new URL(url.href.replace(/^ws/, "http"));
  } catch {
    throw invalid();
  }
  // Neither fetch nor a WebSocket takes a name and a password there.
  if (!/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") throw invalid();
  url.pathname = url.pathname.replace(ENDPOINT, "");
  url.hash = "";
  return url;
}

/** Browsers refuse every unencrypted connection of a page that came encrypted. @throws VoiceClientError `insecure_url`. */
export function assertNotMixed(url: URL, page: string | undefined): void {
  if (url.protocol !== "http:" || THIS_DEVICE.test(url.hostname) || !/^https:/i.test(page ?? "")) return;
  throw insecureUrl(url);
}

export function insecureUrl(url: URL, cause?: unknown): VoiceClientError {
  const message = `an https page may not connect to ${url.host} without encryption: use wss:// or https://`;
  return new VoiceClientError("insecure_url", message, { cause });
}

function invalid(): VoiceClientError {
  const rule = "an address or a path, such as /voice: http, https, ws or wss, and no password in it";
  return new VoiceClientError("invalid_option", `url must be ${rule}`);
}
