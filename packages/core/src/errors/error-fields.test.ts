import { describe, expect, it } from "vitest";
import { RoomKitError } from "./error.ts";
import { errorFields } from "./error-fields.ts";

describe("errorFields", () => {
  it.each([
    [
      new RoomKitError("provider_auth", "no such key: sk-abc", {
        details: { provider: "openai", status: 401, vendorCode: "x" },
      }),
      { code: "provider_auth", provider: "openai", status: 401 },
    ],
    [new RoomKitError("timeout", "it said: my name is Ada"), { code: "timeout" }],
    [new TypeError("cannot read 'Ada'"), { code: "internal", name: "TypeError" }],
    [
      Object.assign(new Error("listen EADDRINUSE: Ada"), { code: "EADDRINUSE" }),
      { code: "internal", name: "Error", systemCode: "EADDRINUSE" },
    ],
    [Object.assign(new Error("Ada"), { code: "my name is Ada" }), { code: "internal", name: "Error" }],
    [
      new RoomKitError("session_failed", "Ada", { cause: new RangeError("Ada") }),
      { code: "session_failed", name: "RangeError" },
    ],
    ["thrown: Ada", { code: "internal" }],
    [undefined, { code: "internal" }],
  ])("tells of %s by code, vendor and status, and quotes nothing", (error, fields) => {
    expect(errorFields(error)).toEqual(fields);
  });
});
