/** An open WebSocket of any make: `ws`, a framework's wrapper around it, or a web-standard one. */
export interface WebSocketLike {
  readonly bufferedAmount: number;
  /** 1 = open. */
  readonly readyState: number;
  binaryType?: string | undefined;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number }) => void): void;
  addEventListener(type: "error", listener: (event: unknown) => void): void;
  /** Cuts the connection at once; without it, a client that never answers a close is waited for by the platform. */
  terminate?(): void;
  /** Sends a ping frame; without it only the idle timeout finds clients that are gone. */
  ping?(): void;
  on?(event: "ping" | "pong", listener: () => void): unknown;
}
