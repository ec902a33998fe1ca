import type { StandInRequest } from "../../server/route-base.ts";

/** What a parameter of a query may be. */
export type Parameter = RegExp | readonly string[];

export const FLAG: Parameter = ["true", "false"];
export const ANY: Parameter = /^.+$/s;
export const WHOLE: Parameter = /^\d+$/;

/** What every request of Deepgram's needs: a key, a model, and only parameters that exist. */
export function queryProblem(
  { url, headers }: StandInRequest,
  known: Readonly<Record<string, Parameter>>,
): string | undefined {
  if (!/^(Token|Bearer) ./.test(headers.authorization ?? "")) return "no key";
  for (const [name, value] of url.searchParams) {
    const allowed = known[name];
    if (!allowed) return `there is no parameter ${name}`;
    const fits = allowed instanceof RegExp ? allowed.test(value) : allowed.includes(value);
    if (!fits) return `${name} cannot be ${JSON.stringify(value)}`;
  }
  const nova3 = /^nova-3($|-)/.test(url.searchParams.get("model") ?? "");
  if (nova3 && url.searchParams.has("keywords")) return "keywords are not for nova-3: use keyterm";
  const flux = /^flux-/.test(url.searchParams.get("model") ?? "");
  if (!nova3 && !flux && url.searchParams.has("keyterm")) return "keyterm is for nova-3 and flux only";
  return undefined;
}

/** What is wrong with how raw audio is announced. */
export function encodingProblem({ url }: StandInRequest): string | undefined {
  const { searchParams: query } = url;
  if (query.get("encoding") !== "linear16") return "only linear16 is stood in for";
  const rate = Number(query.get("sample_rate"));
  return rate >= 8_000 && rate <= 48_000 ? undefined : "sample_rate is required with encoding: 8,000 to 48,000";
}

const CODES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "INVALID_AUTH",
  402: "ASR_PAYMENT_REQUIRED",
  403: "INSUFFICIENT_PERMISSIONS",
  429: "TOO_MANY_REQUESTS",
  503: "SERVICE_UNAVAILABLE",
};

/** The body of a refusal. */
export function deepgramErrorBody(status: number): unknown {
  const err_code = CODES[status] ?? "ERROR";
  return { err_code, err_msg: `refused with ${status} (made up)`, request_id: "00000000-0000-4000-8000-000000000000" };
}

export const REQUEST_ID = "4b21fb93-0ece-46c8-a7c8-05709d2119dc";
/** Both streaming protocols close so when the stand-in is told of nothing to transcribe. */
export const NET_0001 =
  "Deepgram did not receive audio data or a text message within the timeout window. See https://dpgr.am/net0001";
