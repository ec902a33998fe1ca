import { describe, expect, it } from "vitest";
import { classifyClose, readMessage } from "./message.ts";

const read = (value: unknown) => readMessage(JSON.stringify(value));

describe("readMessage", () => {
  it("takes the names of fields in all the vendor's spellings", () => {
    const alignment = { chars: ["a"], startMs: [1], durationMs: [2] };
    const audio = Buffer.from([1, 2, 3]).toString("base64");
    expect(
      read({ audio, contextId: "c", alignment: { chars: ["a"], charStartTimesMs: [1], charDurationsMs: [2] } }),
    ).toEqual({ audio: Buffer.from([1, 2, 3]), contextId: "c", alignment, final: false, error: undefined });
    for (const durations of ["charDurationsMs", "charsDurationsMs"]) {
      expect(read({ alignment: { chars: ["a"], charStartTimesMs: [1], [durations]: [2] } }).alignment).toEqual(
        alignment,
      );
    }
    expect(
      read({
        context_id: "c",
        is_final: true,
        alignment: { chars: ["a"], char_start_times_ms: [1], char_durations_ms: [2] },
      }),
    ).toMatchObject({ contextId: "c", final: true, alignment });
    expect(read({ audio: null, isFinal: true, alignment: null })).toMatchObject({ audio: undefined, final: true });
    expect(read({ audio: "", isFinal: null })).toMatchObject({ audio: undefined, final: false });
    expect(read({ prophecy: 1 })).toEqual({
      audio: undefined,
      contextId: undefined,
      alignment: undefined,
      final: false,
      error: undefined,
    });
  });

  it.each([
    ["input_timeout_exceeded", "timeout"],
    ["invalid_input_message", "invalid_request"],
    ["max_active_conversations", "rate_limit"],
    ["too_many_concurrent_requests", "rate_limit"],
    ["quota_exceeded", "quota"],
    ["invalid_api_key", "auth"],
    ["voice_id_does_not_exist", "invalid_request"],
    ["internal_error", "server"],
  ])("knows what %s means: %s", (error, kind) => {
    expect(read({ message: "made up", error, code: 1008 }).error).toMatchObject({ kind, vendorCode: error });
  });

  it.each(["{nonsense", "[]", "null", "3", new Uint8Array([123, 125])])(
    "fails for %j, and does not show it",
    (message) => {
      expect(() => readMessage(message)).toThrow(expect.objectContaining({ kind: "protocol" }));
      expect(() => readMessage("{Alice Secretson")).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining("Secretson") }),
      );
    },
  );

  it("reads the reasons for closing with 1008, and leaves the rest to their codes", () => {
    expect(
      classifyClose(
        1008,
        "Have not received a new text input within the timeout of 20.0 seconds. input_timeout_exceeded",
      ),
    ).toBe("timeout");
    expect(classifyClose(1008, "max_active_conversations")).toBe("rate_limit");
    expect(classifyClose(1008, "This request exceeds your quota")).toBe("quota");
    expect(classifyClose(1008, "Invalid API key")).toBe("auth");
    expect(classifyClose(1008, "made up")).toBeUndefined();
    expect(classifyClose(1011, "quota")).toBeUndefined();
  });
});
