import { silentLogger } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { expect, it, vi } from "vitest";
import { ProviderError } from "../errors/provider-error.ts";
import { loggedRetry } from "./logged-retry.ts";
import { retry } from "./with-retry.ts";

it("tries as the options say, and says so in the log without the vendor's words", async () => {
  const clock = new VirtualClock();
  const warn = vi.fn();
  const { signal } = new AbortController();
  const options = { retry: { retries: 1, baseMs: 100 }, clock, logger: { ...silentLogger, warn } };
  const action = vi.fn(async (): Promise<never> => {
    throw new ProviderError("overloaded", "no room for Alice", { provider: "vendor", retryAfterMs: 100 });
  });
  const done = retry(action, loggedRetry(options, { provider: "vendor", signal, what: "a request" }));
  const failed = expect(done).rejects.toMatchObject({ code: "provider_overloaded" });
  await clock.advance(100);
  await failed;
  expect(action).toHaveBeenCalledTimes(2);
  expect(warn.mock.calls).toEqual([
    [{ provider: "vendor", attempt: 1, waitMs: 100, code: "provider_overloaded" }, "a request is tried again"],
  ]);
});
