/**
 * What the page may do: run and load what is served beside it, and talk to the server it came from. `'self'` covers sockets
 * in current browsers; the others need the host spelled out.
 */
export function contentSecurityPolicy(host: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    // What was recorded, played by the page.
    "media-src 'self'",
    `connect-src 'self' ws://${host} wss://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join("; ");
}
