const STATUS: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};

/** The body of a refusal. */
export function geminiErrorBody(code: number): unknown {
  return { error: { code, message: `refused with ${code} (made up)`, status: STATUS[code] ?? "UNKNOWN" } };
}
