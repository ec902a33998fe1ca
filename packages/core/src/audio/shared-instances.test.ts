import { describe, expect, it } from "vitest";
import { SharedInstances } from "./shared-instances.ts";

/** Counts what is in it. */
class Hall {
  guests = 0;
}

const leave = (hall: Hall): void => {
  hall.guests--;
};

describe("SharedInstances", () => {
  it("fills one before it makes another, and keeps one when all have gone", () => {
    const halls: Hall[] = [];
    const shared = new SharedInstances(2, () => {
      const hall = new Hall();
      halls.push(hall);
      return hall;
    });
    const places = Array.from({ length: 5 }, () => {
      const place = shared.take();
      place.use((hall) => hall.guests++);
      return place;
    });
    expect(halls.map(({ guests }) => guests)).toEqual([2, 2, 1]);
    places[0]?.release(leave);
    places[0]?.release(leave);
    expect(halls.map(({ guests }) => guests)).toEqual([1, 2, 1]);
    shared.take().release(() => {});
    expect([halls.length, shared.count]).toEqual([3, 3]);
    for (const place of places) place.release(leave);
    expect(halls.map(({ guests }) => guests)).toEqual([0, 0, 0]);
    expect(shared.count).toBe(1);
  });

  it("gives nobody a place in what somebody has broken, and tells those who are there", () => {
    const shared = new SharedInstances(9, () => new Hall());
    const [one, other] = [shared.take(), shared.take()];
    const fails = (): never => {
      throw new TypeError("no");
    };
    expect(() => one.use(fails)).toThrow(TypeError);
    expect(() => other.use(() => {})).toThrow(expect.objectContaining({ code: "engine_failed" }));
    let freed = 0;
    for (const place of [one, other]) place.release(() => freed++);
    expect(freed).toBe(0);
    expect(shared.take().use(({ guests }) => guests)).toBe(0);
    expect(shared.count).toBe(1);
  });
});
