import { BoundedQueue } from "@roomkit/core";
import { settle, VirtualClock } from "@roomkit/testing";
import { expect, it } from "vitest";
import { withPatience } from "./patience.ts";

/** A source, and its reader. */
function reading() {
  const time = new VirtualClock();
  const queue = new BoundedQueue<string>({ capacity: 8 });
  const abort = new AbortController();
  const stream = withPatience(queue, { clock: time, ms: 1_000, signal: abort.signal, what: "the source" });
  const next = stream.next().then(
    ({ value }) => value,
    ({ code }) => code,
  );
  return { time, queue, abort, next };
}

it("a source that was silent for too long is given up, and no timer stays", async () => {
  const { time, next } = reading();
  await time.advance(999);
  expect(time.pendingTimers).toBe(1);
  await time.advance(1);
  expect(await next).toBe("timeout");
  expect(time.pendingTimers).toBe(0);
});

it("what came while the process was held up is read before the source is given up", async () => {
  const { time, queue, next } = reading();
  time.holdUp(3_000);
  await time.advance(0);
  queue.push("late, but there");
  expect(await next).toBe("late, but there");
  expect(time.pendingTimers).toBe(0);
});

it("a source that says nothing after that is given up", async () => {
  const { time, next } = reading();
  time.holdUp(3_000);
  await time.advance(50);
  expect(await next).toBe("timeout");
});

it("an abort ends the wait, and its timer", async () => {
  const { time, abort, next } = reading();
  await settle();
  abort.abort();
  expect(await next).toBe("aborted");
  expect(time.pendingTimers).toBe(0);
});
