import { createHash, createHmac } from "node:crypto";
import { type Clock, type Metadata, RoomKitError, withTimeout } from "@roomkit/core";
import { clientIdentity } from "../auth/identity.ts";
import type { ConnectionRequest } from "../request.ts";

/** A STUN or TURN server that clients are told of. A server of ours uses none itself. */
export interface IceServer {
  /** `stun:`, `turn:` or `turns:` URLs. */
  readonly urls: string | readonly string[];
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
  /** Secret shared with the TURN server: every client then gets a credential of its own that expires (coturn's `use-auth-secret`). */
  readonly secret?: string | undefined;
  /** How long such a credential works, ms. Default 12 hours. */
  readonly credentialMs?: number | undefined;
}

/** What a browser's `RTCPeerConnection` takes. */
export interface ClientIceServer {
  readonly urls: string | readonly string[];
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

/** The servers told to clients, the same for all or made for each. */
export type IceServers =
  | readonly IceServer[]
  | ((request: ConnectionRequest) => readonly IceServer[] | Promise<readonly IceServer[]>);

const DEFAULT_CREDENTIAL_MS = 12 * 60 * 60 * 1000;
/** How long a function may take to name the servers, ms. */
const MAKE_MS = 5_000;

/** What can be checked before a client asks. @throws RoomKitError `invalid_option` */
export function checkIceServers(servers: IceServers | undefined): void {
  if (servers !== undefined && typeof servers !== "function") checkAll(servers);
}

function checkAll(servers: readonly IceServer[]): void {
  for (const { urls: given, secret, credential, credentialMs = DEFAULT_CREDENTIAL_MS } of servers) {
    const urls: unknown = typeof given === "string" ? [given] : given;
    const sound = (url: unknown): boolean => typeof url === "string" && /^(stuns?|turns?):[^\s]+$/.test(url);
    if (!Array.isArray(urls) || urls.length === 0 || !urls.every(sound)) {
      throw new RoomKitError("invalid_option", "an ICE server has stun:, turn: or turns: URLs");
    }
    if (secret !== undefined && (secret === "" || credential !== undefined)) {
      throw new RoomKitError("invalid_option", "an ICE server has either a secret or a fixed credential");
    }
    if (!(Number.isFinite(credentialMs) && credentialMs > 0)) {
      throw new RoomKitError("invalid_option", "credentialMs is a positive number");
    }
  }
}

/**
 * The servers for one client. Where a secret is given: user name `expiry:user`, credential the base64 HMAC-SHA1 of it
 * (draft-uberti-behave-turn-rest-00, 2.2). Nothing but what a browser takes is told.
 *
 * @param client the TURN server learns a digest of who it is ({@link clientIdentity}).
 * @throws RoomKitError `invalid_option`, `timeout`; whatever a function of the application throws.
 */
export async function clientIceServers(
  servers: IceServers | undefined,
  client: { readonly request: ConnectionRequest; readonly metadata: Metadata },
  clock: Clock,
): Promise<ClientIceServer[]> {
  const { request, metadata } = client;
  const making = typeof servers === "function" ? servers(request) : (servers ?? []);
  const made = await withTimeout(Promise.resolve(making), MAKE_MS, { clock, what: "naming the ICE servers" });
  checkAll(made);
  return made.map((server) => {
    if (server.secret === undefined) return clientIceServer(server, "", clock);
    const user = createHash("sha256").update(clientIdentity(request, metadata)).digest("hex").slice(0, 16);
    return clientIceServer(server, user, clock);
  });
}

/** One server, as a client is told of it. */
export function clientIceServer(server: IceServer, user: string, clock: Clock): ClientIceServer {
  const { urls, username, credential, secret, credentialMs = DEFAULT_CREDENTIAL_MS } = server;
  if (secret === undefined) {
    return {
      urls,
      username,
      credential,
    };
  }
  const expiring = `${Math.floor((clock.wallTime() + credentialMs) / 1000)}:${user}`;
  return { urls, username: expiring, credential: createHmac("sha1", secret).update(expiring).digest("base64") };
}
