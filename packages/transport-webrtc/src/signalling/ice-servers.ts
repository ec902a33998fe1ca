import { createHmac } from "node:crypto";
import { type Clock, RoomKitError } from "@roomkit/core";

/** A STUN or TURN server that clients are told of. The server itself uses none. */
export interface IceServer {
  /** `stun:`, `turn:` or `turns:` URLs. */
  readonly urls: string | readonly string[];
  readonly username?: string;
  readonly credential?: string;
  /** Secret shared with the TURN server: every client then gets a credential of its own that expires (coturn's `use-auth-secret`). */
  readonly secret?: string;
  /** How long such a credential works, ms. Default 12 hours. */
  readonly credentialMs?: number;
}

/** What a browser's `RTCPeerConnection` takes. */
export interface ClientIceServer {
  readonly urls: string | readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

const DEFAULT_CREDENTIAL_MS = 12 * 60 * 60 * 1000;

/** @throws RoomKitError `invalid_option` */
export function checkIceServers(servers: readonly IceServer[]): void {
  for (const server of servers) {
    const urls = typeof server.urls === "string" ? [server.urls] : server.urls;
    if (urls.length === 0 || urls.some((url) => !/^(stuns?|turns?):[^\s]+$/.test(url))) {
      throw new RoomKitError("invalid_option", "an ICE server has stun:, turn: or turns: URLs");
    }
    if (server.secret !== undefined && (server.secret === "" || server.credential !== undefined)) {
      throw new RoomKitError("invalid_option", "an ICE server has either a secret or a fixed credential");
    }
  }
}

/**
 * The servers for one client. Where a secret is given: user name `expiry:user`, credential the base64 HMAC-SHA1 of it
 * (draft-uberti-behave-turn-rest-00, 2.2).
 */
export function clientIceServers(servers: readonly IceServer[], clock: Clock, user: string): ClientIceServer[] {
  return servers.map(({ urls, username, credential, secret, credentialMs = DEFAULT_CREDENTIAL_MS }) => {
    if (secret === undefined) {
      return {
        urls,
        ...(username === undefined ? {} : { username }),
        ...(credential === undefined ? {} : { credential }),
      };
    }
    const expiring = `${Math.floor((clock.wallTime() + credentialMs) / 1000)}:${user}`;
    return { urls, username: expiring, credential: createHmac("sha1", secret).update(expiring).digest("base64") };
  });
}
