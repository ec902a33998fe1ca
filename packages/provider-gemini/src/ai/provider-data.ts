/** What `finish` carries and the next request returns: the signatures of the thinking, by call. Under our own name, to know it again. */
export interface GeminiProviderData {
  readonly gemini: { readonly signatures: Readonly<Record<string, string>> };
}

/** The signatures of a turn, or none when the data is another provider's. */
export function keptSignatures(data: unknown): Readonly<Record<string, string>> {
  const { gemini } = (data ?? {}) as Partial<GeminiProviderData>;
  return typeof gemini?.signatures === "object" && gemini.signatures !== null ? gemini.signatures : {};
}
