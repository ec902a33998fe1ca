import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { askedUrl, rememberUrl, tellingFetch } from "./asked-url.ts";
import { httpError } from "./http-error.ts";

const server = createServer((request, response) => {
  response.statusCode = request.url?.startsWith("/here") ? 500 : 404;
  response.end();
});
let base = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

it("tells where a 404 came from, without what may be secret", async () => {
  const { status, headers } = await tellingFetch()(`${base}/chat?key=sk-secret`);
  const error = httpError(status, headers, "", { provider: "acme" });
  expect(error.message).toBe(`acme answered 404 to ${base}/chat`);
});

it("says nothing of other answers", async () => {
  const { status, headers } = await tellingFetch(fetch)(`${base}/here`);
  expect(httpError(status, headers, "", { provider: "acme" }).message).toBe("acme answered 500");
  expect(askedUrl(undefined)).toBeUndefined();
});

it("takes user and password out, and what is no URL", () => {
  const [headers, none] = [{}, {}];
  rememberUrl(headers, "wss://ada:secret@vendor.test/v1/live?token=x#y");
  rememberUrl(none, "");
  expect(askedUrl(headers)).toBe("wss://vendor.test/v1/live");
  expect(askedUrl(none)).toBeUndefined();
});
