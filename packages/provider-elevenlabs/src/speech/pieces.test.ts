import { describe, expect, it } from "vitest";
import { textOf } from "../text.fixture.ts";
import { Pieces, speakable } from "./pieces.ts";

describe("Pieces", () => {
  it("gives each by its number, as often as it is asked for, and undefined after the last", async () => {
    const pieces = new Pieces(textOf("one ", " two", "three"));
    expect(await pieces.at(1)).toBe("two");
    expect(await pieces.at(0)).toBe("one");
    expect(await pieces.at(2)).toBe("three");
    expect(await pieces.at(3)).toBeUndefined();
    expect(await pieces.at(0)).toBe("one");
  });

  it("leaves out what cannot be said", async () => {
    const pieces = new Pieces(textOf("", "  ", "…", "- 1 -", "!"));
    expect(await pieces.at(0)).toBe("- 1 -");
    expect(await pieces.at(1)).toBeUndefined();
    expect(["。", "?!", "\n"].some(speakable)).toBe(false);
    expect(["ja", "7", "是", "नमस्ते"].every(speakable)).toBe(true);
  });

  it("asks its source once, whoever waits", async () => {
    let asked = 0;
    let give = (_piece: string): void => {};
    const source: AsyncIterator<string> = {
      next: () => {
        asked++;
        return new Promise((resolve) => {
          give = (value) => resolve({ value, done: false });
        });
      },
    };
    const pieces = new Pieces(source);
    // An attempt that was given up still waits when the next one does.
    const both = [pieces.at(0), pieces.at(0)];
    give("hello");
    expect(await Promise.all(both)).toEqual(["hello", "hello"]);
    expect(asked).toBe(1);
  });

  it("keeps what was used until there will be no other attempt", async () => {
    const pieces = new Pieces(textOf("one", "two", "three"));
    await pieces.at(0);
    pieces.used(1);
    expect(await pieces.at(0)).toBe("one");
    pieces.commit();
    expect(await pieces.at(0)).toBe("one");
    pieces.used(1);
    expect(await pieces.at(0)).toBeUndefined();
    expect(await pieces.at(1)).toBe("two");
    expect(await pieces.at(2)).toBe("three");
  });

  it("fails with what its source fails with, again and again", async () => {
    const broken = (async function* (): AsyncGenerator<string> {
      yield "one";
      throw new Error("broke");
    })();
    const pieces = new Pieces(broken);
    expect(await pieces.at(0)).toBe("one");
    await expect(pieces.at(1)).rejects.toThrow("broke");
    await expect(pieces.at(1)).rejects.toThrow("broke");
    expect(await pieces.at(0)).toBe("one");
  });
});
