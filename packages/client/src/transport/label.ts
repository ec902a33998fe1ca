/** What a connection calls itself: a name for the server's records, never a credential. */
export function connectionLabel(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
