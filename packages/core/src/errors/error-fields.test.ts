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
    ["thrown: Ada", { code: "internal" }],
    [undefined, { code: "internal" }],
  ])("tells of %s by code, vendor and status, and quotes nothing", (error, fields) => {
    expect(errorFields(error)).toEqual(fields);
  });
});
