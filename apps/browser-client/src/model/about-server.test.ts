import { expect, it } from "vitest";
import { aboutServer } from "./about-server.ts";

const { signal } = new AbortController();
const answering = (body: string, status = 200, seen: unknown[] = []): typeof fetch =>
  (async (...args: unknown[]) => {
    seen.push(args);
    return new Response(body, { status });
  }) as typeof fetch;

it("gives what the server says of itself", async () => {
  const seen: unknown[] = [];
  const body = JSON.stringify({ about: { model: "offline (no key is set)", odd: 5 } });
  expect(await aboutServer("/voice/", "secret", signal, answering(body, 200, seen))).toEqual([
    ["model", "offline (no key is set)"],
  ]);
  expect(seen[0]).toMatchObject(["/voice/config", { headers: { authorization: "Bearer secret" } }]);
});

it.each([
  ["a refusal", answering("{}", 401)],
  ["no JSON", answering("<html>")],
  ["a server that says nothing", answering("{}")],
  ["far too much", answering(JSON.stringify({ about: { x: "y".repeat(70_000) } }))],
  ["no server", (async () => Promise.reject(new TypeError("failed"))) as unknown as typeof fetch],
])("gives nothing for %s", async (_what, fetcher) => {
  expect(await aboutServer("/voice", "", signal, fetcher)).toEqual([]);
});
