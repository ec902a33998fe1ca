/** What is known of a client before anything is made for it. */
export interface ConnectionRequest {
  readonly kind: "websocket" | "http";
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  /**
   * The request's target as it came: path and query, unchanged by any decoding, each character one byte. What a signature covers
   * is this, never a query put together again.
   */
  readonly target: string;
  /**
   * The host the client asked for: `Host`, over HTTP/2 `:authority`, behind trusted proxies `X-Forwarded-Host`. Undefined when
   * nobody says.
   */
  readonly host: string | undefined;
  /** Read a token from here only on purpose: URLs end up in logs. */
  readonly query: URLSearchParams;
  /** A header by its lower-case name; several of one name are joined with a comma. */
  header(name: string): string | undefined;
  /** Fields of a posted form, where an endpoint takes one. */
  readonly form?: URLSearchParams | undefined;
  /** The client's address, behind trusted proxies the one they forward. */
  readonly address: string;
}
