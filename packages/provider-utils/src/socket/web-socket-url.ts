import { RoomKitError } from "@roomkit/core";

/**
 * The URL of a WebSocket below a base URL, which may be that of the same vendor's HTTP API.
 *
 * @throws RoomKitError `invalid_option` when it is no URL, or has another scheme.
 */
export function webSocketUrl(baseURL: string, path: string, provider: string): URL {
  let url: URL;
  try {
    url = new URL(`${baseURL.replace(/\/+$/, "")}${path}`);
  } catch {
    throw new RoomKitError("invalid_option", `${provider}: baseURL is no URL`);
  }
  if (url.protocol === "http:") url.protocol = "ws:";
  if (url.protocol === "https:") url.protocol = "wss:";
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw new RoomKitError("invalid_option", `${provider}: baseURL must begin with https, http, wss or ws`);
  }
  return url;
}
