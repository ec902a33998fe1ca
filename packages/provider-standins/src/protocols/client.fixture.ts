import { WebSocket } from "ws";

/** A WebSocket spoken by hand: the SDKs are what the stand-ins are made for, not what shows that they are right. */
export interface Client {
  /** Everything that came, parsed. */
  readonly got: readonly Record<string, unknown>[];
  send(message: object | Uint8Array): void;
  /** Resolves when so many messages have come. */
  count(messages: number): Promise<void>;
  /** How it was closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** @throws Error for a refused upgrade, with its status. */
export async function connect(url: string, headers: Record<string, string>): Promise<Client> {
  const socket = new WebSocket(url, { headers });
  const got: Record<string, unknown>[] = [];
  let wake = (): void => {};
  socket.on("message", (data) => {
    got.push(JSON.parse(String(data)) as Record<string, unknown>);
    wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on("close", (code, reason) => {
      resolve({ code, reason: String(reason) });
      wake();
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.on("open", resolve);
    socket.on("error", reject);
  });
  return {
    got,
    closed,
    send: (message) => socket.send(message instanceof Uint8Array ? message : JSON.stringify(message)),
    async count(messages) {
      while (got.length < messages) {
        if (socket.readyState >= WebSocket.CLOSING) throw new Error(`it closed after ${got.length} messages`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
