import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, RoomKitError, withTimeout } from "@roomkit/core";

export interface ReadRequestOptions {
  readonly clock: Clock;
  /** Most bytes of a body. Default 64 KiB. */
  readonly maxBodyBytes?: number | undefined;
  /** How long a body may take, ms. Default 10,000. */
  readonly bodyTimeoutMs?: number | undefined;
}

/** The host a request names: HTTP/2 says it in `:authority`, and need not in `Host`. */
export function requestHost(request: Pick<IncomingMessage, "headers">): string | undefined {
  const authority = request.headers[":authority"];
  return request.headers.host || (typeof authority === "string" && authority !== "" ? authority : undefined);
}

/** URL of a request as far as it is known; its host is the client's claim. */
export function requestUrl(request: IncomingMessage): URL {
  const path = request.url?.startsWith("/") ? request.url : "/";
  const base = "http://localhost";
  const host = requestHost(request) ?? "";
  const url = `http://${/^[\w.:[\]-]+$/.test(host) ? host : "localhost"}${path}`;
  return URL.canParse(url) ? new URL(url) : new URL(base);
}

/**
 * A Node request as a web-standard one, its body read to the end.
 *
 * @throws RoomKitError `payload_too_large`, `timeout` when the body does not come in time, `aborted` when the client went.
 */
export async function toWebRequest(request: IncomingMessage, options: ReadRequestOptions): Promise<Request> {
  const { clock, maxBodyBytes = 64 * 1024, bodyTimeoutMs = 10_000 } = options;
  const headers = new Headers();
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    // A name or value that only HTTP/2 or a lenient parser lets through is left out.
    try {
      headers.append(request.rawHeaders[i] as string, request.rawHeaders[i + 1] as string);
    } catch {}
  }
  const host = requestHost(request);
  if (host !== undefined && !headers.has("host")) headers.set("host", host);
  const method = request.method ?? "GET";
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") {
    request.resume();
    return new Request(requestUrl(request), { method, headers });
  }
  const body = await withTimeout(readBody(request, maxBodyBytes), bodyTimeoutMs, {
    clock,
    what: "reading a request body",
  });
  return new Request(requestUrl(request), { method, headers, body });
}

function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const fail = (code: string, message: string): void => {
      request.pause();
      reject(new RoomKitError(code, message));
    };
    if (Number(request.headers["content-length"]) > maxBytes) {
      fail("payload_too_large", `a body holds at most ${maxBytes} bytes`);
      return;
    }
    request.on("data", (part: Buffer) => {
      size += part.length;
      if (size > maxBytes) fail("payload_too_large", `a body holds at most ${maxBytes} bytes`);
      else parts.push(part);
    });
    request.on("end", () => resolve(new Uint8Array(Buffer.concat(parts))));
    request.on("close", () => fail("aborted", "the client went away"));
    request.on("error", () => fail("aborted", "the client went away"));
  });
}

/** Writes a web-standard response to Node. Resolves when it is written or the client is gone; never throws. */
export async function sendWebResponse(response: ServerResponse, answer: Response): Promise<void> {
  response.on("error", () => {});
  try {
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of answer.headers) headers[name] = value;
    const cookies = answer.headers.getSetCookie();
    if (cookies.length > 0) headers["set-cookie"] = cookies;
    response.writeHead(answer.status, headers);
    if (answer.body) {
      for await (const part of answer.body) {
        if (response.destroyed) return;
        if (!response.write(part)) await drained(response);
      }
    }
    response.end();
  } catch {
    // Half an answer is worse than a broken connection.
    response.destroy();
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}

/** A small JSON answer. Nothing it says may be kept by a cache. */
export function jsonResponse(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
}
