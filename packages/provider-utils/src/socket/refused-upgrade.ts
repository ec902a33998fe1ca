import type { IncomingMessage } from "node:http";
import type { Clock } from "@roomkit/core";
import { rememberUrl } from "../errors/asked-url.ts";
import { httpError } from "../errors/http-error.ts";
import type { ProviderError } from "../errors/provider-error.ts";

const MAX_BODY = 16 * 1024;
/** The status is known already; the body only adds words. */
const BODY_TIMEOUT_MS = 1_000;

/** The error of an upgrade that was answered with an ordinary response: its status, headers and the start of its body. */
export async function refusedUpgrade(
  response: IncomingMessage,
  context: { readonly provider: string; readonly clock: Clock; readonly url: string },
): Promise<ProviderError> {
  const body = await readBody(response, context.clock);
  if (response.statusCode === 404) rememberUrl(response.headers, context.url);
  return httpError(response.statusCode ?? 0, response.headers as Record<string, string | string[]>, body, context);
}

function readBody(response: IncomingMessage, clock: Clock): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (): void => {
      cancel();
      resolve(Buffer.concat(chunks).subarray(0, MAX_BODY));
    };
    const cancel = clock.setTimeout(done, BODY_TIMEOUT_MS);
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= MAX_BODY) done();
    });
    response.on("end", done);
    response.on("error", done);
    response.on("close", done);
  });
}
