import { bearerSubprotocol } from "@roomkit/transport-utils";

/** Picks a subprotocol: the first that is offered and carries no token. A browser fails when it gets none of those it offered. */
export function selectProtocol(offered: ReadonlySet<string>): string | false {
  for (const name of offered) if (!name.startsWith(bearerSubprotocol)) return name;
  return false;
}
