import { RoomKitError } from "@roomkit/core";

/** The address a provider reaches this server by, in parts as they were written. */
export interface PublicAddress {
  readonly secure: boolean;
  readonly host: string;
  /** Undefined where none is written. */
  readonly port: string | undefined;
  /** What a proxy strips, without a slash at its end; empty for none. */
  readonly path: string;
}

const FORM = /^(https?):\/\/([^\s/?#@:[\]]+|\[[\da-f:.]+\])(?::(\d{1,5}))?(\/[^\s?#]*)?$/i;

/** @throws RoomKitError `invalid_option` for what is no such address. */
export function publicAddress(text: string, what: string): PublicAddress {
  const [, scheme = "", host = "", port, path = ""] = FORM.exec(text) ?? [];
  if (host === "") {
    throw new RoomKitError("invalid_option", `${what} is scheme and host, and a path where a proxy strips one`);
  }
  return { secure: scheme.toLowerCase() === "https", host, port, path: path.replace(/\/+$/, "") };
}

/** A WebSocket address below it, for the provider to call. */
export function publicSocketUrl({ secure, host, port, path }: PublicAddress, below: string): string {
  return `${secure ? "wss" : "ws"}://${host}${port === undefined ? "" : `:${port}`}${path}${below}`;
}
