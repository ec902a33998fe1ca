/** What is known of a client before anything is made for it. */
export interface ConnectionRequest {
  readonly kind: "websocket" | "http";
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  /** Read a token from here only on purpose: URLs end up in logs. */
  readonly query: URLSearchParams;
  /** A header by its lower-case name; several of one name are joined with a comma. */
  header(name: string): string | undefined;
  /** Fields of a posted form, where an endpoint takes one. */
  readonly form?: URLSearchParams;
  /** The client's address, behind trusted proxies the one they forward. */
  readonly address: string;
}
