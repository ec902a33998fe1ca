import { createHash, timingSafeEqual } from "node:crypto";
import { assertOptions, type Metadata, RoomKitError } from "@roomkit/core";
import type { ConnectionRequest } from "../request.ts";
import type { Authenticator } from "./authenticator.ts";

/** A browser cannot set headers on a WebSocket; it can name subprotocols. This one carries a token and is never answered with. */
export const bearerSubprotocol = "roomkit.bearer.";

/**
 * The token of a request: of its `Authorization: Bearer` header or its `roomkit.bearer.TOKEN` subprotocol, and only if
 * `queryName` is given, of that query parameter.
 */
export function tokenOf(
  request: ConnectionRequest,
  options: { readonly queryName?: string | undefined } = {},
): string | undefined {
  const bearer = /^Bearer ([^\s]+)$/i.exec(request.header("authorization") ?? "")?.[1];
  if (bearer) return bearer;
  for (const name of (request.header("sec-websocket-protocol") ?? "").split(",")) {
    const trimmed = name.trim();
    if (trimmed.startsWith(bearerSubprotocol)) return trimmed.slice(bearerSubprotocol.length) || undefined;
  }
  if (options.queryName === undefined) return undefined;
  return request.query.get(options.queryName) || undefined;
}

/** Compares in a time that does not depend on where the texts differ. */
export function tokensEqual(a: string, b: string): boolean {
  // Hashes have one length, so that not even the length shows.
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

export interface TokenAuthOptions {
  /** Take the token from this query parameter too. Default: never; a URL ends up in logs. */
  readonly queryName?: string | undefined;
}

/** Says who a token was given to, as one that checks a signature does; null for one that is not good. What it throws is `auth_error`. */
export type TokenCheck = (
  token: string,
  options: { readonly signal: AbortSignal },
) => Metadata | null | Promise<Metadata | null>;

/**
 * An authenticator for fixed tokens, each with the metadata it stands for, or for tokens that a function checks.
 *
 * @throws RoomKitError `invalid_option`, also for an empty token.
 */
export function tokenAuth(
  tokens: Readonly<Record<string, Metadata>> | TokenCheck,
  options: TokenAuthOptions = {},
): Authenticator {
  if (typeof tokens !== "function") assertOptions("tokenAuth", tokens, {});
  assertOptions("tokenAuth", options, { string: ["queryName"] });
  if (typeof tokens !== "function" && Object.keys(tokens).some((token) => token.trim() === ""))
    throw new RoomKitError("invalid_option", "tokenAuth: a token is empty: is its environment variable set?");
  const check = typeof tokens === "function" ? tokens : among(Object.entries(tokens));
  return (request, { signal }) => {
    const token = tokenOf(request, options);
    return token === undefined ? null : check(token, { signal });
  };
}

/** No early end: how long it takes tells nothing. */
function among(known: readonly (readonly [string, Metadata])[]): TokenCheck {
  return (token) => {
    let found: Metadata | null = null;
    for (const [candidate, metadata] of known) if (tokensEqual(candidate, token)) found = metadata;
    return found;
  };
}
