import { createHmac, timingSafeEqual } from "node:crypto";

/** Between a page that was opened and the call: a minute is plenty. */
const VALID_MS = 60_000;

function sign(text: string): string {
  const secret = process.env.CALL_SECRET;
  if (!secret) throw new Error("set CALL_SECRET, the same for every process that gives or takes tokens");
  return createHmac("sha256", secret).update(text).digest("base64url");
}

/** A credential for a call by this person, within the next minute. */
export function giveToken(userId: string): string {
  const claim = Buffer.from(JSON.stringify({ userId, until: Date.now() + VALID_MS })).toString("base64url");
  return `${claim}.${sign(claim)}`;
}

/** Who a token was given to; nothing for one that is false or old. */
export function readToken(token: string): { userId: string } | null {
  const [claim = "", signature = ""] = token.split(".");
  const [given, wanted] = [Buffer.from(signature), Buffer.from(sign(claim))];
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null;
  const { userId, until } = JSON.parse(Buffer.from(claim, "base64url").toString()) as { userId: string; until: number };
  return until > Date.now() ? { userId } : null;
}
