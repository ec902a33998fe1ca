import { createHash } from "node:crypto";
import type { Metadata } from "@roomkit/core";
import type { ConnectionRequest } from "../request.ts";
import { tokenOf } from "./token.ts";

/** Two requests with one token are of one client; without tokens (cookies), those of which authentication says the same. */
export function clientIdentity(request: ConnectionRequest, metadata: Metadata): string {
  const token = tokenOf(request);
  // Hashed, so that no table holds anybody's token.
  const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
  if (token !== undefined) return `token ${digest(token)}`;
  return `metadata ${digest(JSON.stringify(metadata, replacer))}`;
}

/** Writes objects with their keys in order, and what JSON cannot say as text. */
function replacer(_key: string, value: unknown): unknown {
  if (typeof value === "bigint" || typeof value === "function" || typeof value === "symbol") return String(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
