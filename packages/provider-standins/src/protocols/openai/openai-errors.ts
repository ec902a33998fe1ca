import type { StandInRequest } from "../../server/route-base.ts";

const CODES: Readonly<Record<number, string>> = {
  401: "invalid_api_key",
  404: "model_not_found",
  429: "rate_limit_exceeded",
  500: "server_error",
  503: "server_overloaded",
};

/** The body of a refusal. */
export function openaiErrorBody(status: number): unknown {
  const type = status >= 500 ? "server_error" : "invalid_request_error";
  return { error: { message: `refused with ${status} (made up)`, type, code: CODES[status] ?? null, param: null } };
}

/** What is wrong with the headers every request has. */
export function headerProblem({ headers }: StandInRequest): string | undefined {
  return /^Bearer ./.test(headers.authorization ?? "") ? undefined : "no key";
}
