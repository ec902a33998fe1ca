import { describe, expect, it } from "vitest";
import { RoomKitError } from "../errors/error.ts";
import { BoundedQueue, type Overflow } from "./bounded-queue.ts";

async function rest<T>(queue: BoundedQueue<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

describe("BoundedQueue", () => {
  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses a capacity of %s", (capacity) => {
    expect(() => new BoundedQueue({ capacity })).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });

  it("gives items in the order they came, before and after the reader waits", async () => {
    const queue = new BoundedQueue<number>({ capacity: 3 });
    queue.push(1);
    queue.push(2);
    const reading = rest(queue);
    await Promise.resolve();
    for (const item of [3, 4, 5]) {
      queue.push(item);
      await Promise.resolve();
      await Promise.resolve();
    }
    queue.end();
    expect(await reading).toEqual([1, 2, 3, 4, 5]);
  });

  const overflows: [Overflow, number[], number[]][] = [
    ["drop-oldest", [3, 4, 5], [1, 2]],
    ["drop-newest", [1, 2, 3], [4, 5]],
  ];
  it.each(overflows)("with %s keeps %s and names %s", async (overflow, kept, dropped) => {
    const told: number[] = [];
    const queue = new BoundedQueue<number>({ capacity: 3, overflow, onDrop: (item) => told.push(item) });
    const accepted = [1, 2, 3, 4, 5].map((item) => queue.push(item));
    expect(accepted).toEqual([true, true, true, false, false]);
    expect([queue.size, queue.dropped, told]).toEqual([3, 2, dropped]);
    queue.end();
    expect(await rest(queue)).toEqual(kept);
  });

  it("with throw refuses the item that does not fit and keeps the rest", async () => {
    const queue = new BoundedQueue<number>({ capacity: 1, overflow: "throw" });
    queue.push(1);
    expect(() => queue.push(2)).toThrow(expect.objectContaining({ code: "queue_full" }));
    queue.end();
    expect([queue.dropped, await rest(queue)]).toEqual([0, [1]]);
  });

  it("has put the new item in place before it tells of the dropped one", () => {
    const queue: BoundedQueue<number> = new BoundedQueue<number>({
      capacity: 1,
      onDrop: () => {
        throw new Error("sink");
      },
    });
    queue.push(1);
    expect(() => queue.push(2)).toThrow("sink");
    expect(queue.size).toBe(1);
  });

  it("runs round its ring many times", async () => {
    const queue = new BoundedQueue<number>({ capacity: 3 });
    for (let item = 0; item < 100; item++) {
      queue.push(item);
      if (item % 2 === 1) await queue.next();
    }
    queue.end();
    expect(await rest(queue)).toEqual([98, 99]);
  });

  it.each([new Error("boom"), undefined, null, 0])("fails with %s after what is queued, once", async (error) => {
    const queue = new BoundedQueue<number>({ capacity: 3 });
    queue.push(1);
    queue.fail(error);
    queue.fail(new Error("later"));
    expect(queue.push(2)).toBe(false);
    expect(await queue.next()).toEqual({ value: 1, done: false });
    expect(
      await queue.next().then(
        () => "ended",
        (thrown: unknown) => ({ thrown }),
      ),
    ).toEqual({ thrown: error });
    expect(await queue.next()).toEqual({ value: undefined, done: true });
  });

  it("fails a reader that waits", async () => {
    const queue = new BoundedQueue<number>({ capacity: 1 });
    const waiting = queue.next();
    queue.fail(new Error("boom"));
    await expect(waiting).rejects.toThrow("boom");
  });

  it("has one reader at a time", async () => {
    const queue = new BoundedQueue<number>({ capacity: 1 });
    const first = queue.next();
    await expect(queue.next()).rejects.toMatchObject({ code: "queue_busy" });
    queue.push(1);
    expect(await first).toEqual({ value: 1, done: false });
  });

  it("drops everything when its reader returns, and lets a waiting one go", async () => {
    const queue = new BoundedQueue<number>({ capacity: 3 });
    queue.push(1);
    queue.fail(new Error("never seen"));
    await queue.return();
    expect([queue.size, queue.ended, queue.push(2), await queue.next()]).toEqual([
      0,
      true,
      false,
      { value: undefined, done: true },
    ]);
    const other = new BoundedQueue<number>({ capacity: 1 });
    const waiting = other.next();
    await other.return();
    expect(await waiting).toEqual({ value: undefined, done: true });
  });

  it("says how many it cleared", () => {
    const queue = new BoundedQueue<number>({ capacity: 5 });
    for (const item of [1, 2, 3]) queue.push(item);
    expect([queue.clear(), queue.size, queue.clear()]).toEqual([3, 0, 0]);
  });

  describe("abortOn", () => {
    const reason = new RoomKitError("aborted", "stop");

    it.each<[string, (queue: BoundedQueue<number>) => void, unknown]>([
      ["with items queued", (queue) => void queue.push(1), "aborted"],
      ["with nothing queued", () => {}, "aborted"],
      [
        "after the end with items queued",
        (queue) => {
          queue.push(1);
          queue.end();
        },
        "aborted",
      ],
      ["after a failure nobody saw", (queue) => queue.fail(new Error("x")), "aborted"],
      ["after everything was read", (queue) => queue.end(), "ended"],
    ])("%s", async (_, before, expected) => {
      const queue = new BoundedQueue<number>({ capacity: 3 });
      const controller = new AbortController();
      queue.abortOn(controller.signal);
      before(queue);
      controller.abort(reason);
      expect(
        await queue.next().then(
          () => "ended",
          (error: RoomKitError) => error.code,
        ),
      ).toBe(expected);
      expect(queue.size).toBe(0);
    });

    it("acts at once on a signal that is aborted, and not after it is told to stop watching", async () => {
      const late = new BoundedQueue<number>({ capacity: 1 });
      late.abortOn(AbortSignal.abort(reason));
      await expect(late.next()).rejects.toBe(reason);
      const queue = new BoundedQueue<number>({ capacity: 1 });
      const controller = new AbortController();
      queue.abortOn(controller.signal)();
      controller.abort(reason);
      expect(queue.push(1)).toBe(true);
    });
  });
});
