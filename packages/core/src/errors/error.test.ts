import { describe, expect, it } from "vitest";
import { abortedError, RoomKitError } from "./error.ts";

describe("RoomKitError", () => {
  it("carries code, message, cause and facts", () => {
    const cause = new Error("socket");
    const error = new RoomKitError("provider_down", "it is down", { retryable: true, cause, details: { status: 503 } });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "RoomKitError",
      code: "provider_down",
      retryable: true,
      details: { status: 503 },
    });
    expect(error.cause).toBe(cause);
    expect(String(error)).toBe("RoomKitError: it is down");
  });

  it("is not retryable and has no cause and no facts unless told so", () => {
    const error = new RoomKitError("x", "y");
    expect([error.retryable, error.details, "cause" in error]).toEqual([false, {}, false]);
  });

  it.each([
    ["one of ours", new RoomKitError("a", ""), undefined, true],
    ["one of ours by its code", new RoomKitError("a", ""), "a", true],
    ["one of ours by another code", new RoomKitError("a", ""), "b", false],
    ["one of another copy of the package", foreign("a"), "a", true],
    ["a plain error", new Error("a"), undefined, false],
    ["a look-alike without the brand", { code: "a", name: "RoomKitError", message: "" }, "a", false],
    ["null", null, undefined, false],
    ["undefined", undefined, undefined, false],
    ["a string", "a", undefined, false],
  ])("is() knows %s", (_, value, code, expected) => {
    expect(RoomKitError.is(value, code)).toBe(expected);
  });

  it("keeps the brand out of logs and copies", () => {
    expect(Object.keys(new RoomKitError("a", "b"))).not.toContain(String(Symbol.for("roomkit.error")));
    expect(Object.getOwnPropertyDescriptor(new RoomKitError("a", "b"), Symbol.for("roomkit.error"))?.enumerable).toBe(
      false,
    );
  });

  it("from() leaves ours alone and wraps the rest", () => {
    const ours = new RoomKitError("a", "b");
    expect(RoomKitError.from(ours, "c")).toBe(ours);
    const theirs = new TypeError("bad");
    expect(RoomKitError.from(theirs, "c")).toMatchObject({ code: "c", message: "bad", cause: theirs });
    expect(RoomKitError.from("words")).toMatchObject({ code: "internal", message: "words", cause: "words" });
  });
});

describe("abortedError", () => {
  it("is the reason itself when that is one of ours, so that it says why", () => {
    const why = new RoomKitError("room_closed", "closed");
    expect(abortedError(AbortSignal.abort(why))).toBe(why);
  });

  it("is `aborted` around any other reason", () => {
    expect(abortedError(AbortSignal.abort("because"))).toMatchObject({
      code: "aborted",
      cause: "because",
      retryable: false,
    });
    expect(abortedError()).toMatchObject({ code: "aborted" });
  });
});

function foreign(code: string): object {
  return Object.assign(new Error(""), { code, [Symbol.for("roomkit.error")]: true });
}
