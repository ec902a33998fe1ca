import { describe, expect, it } from "vitest";
import { callersPlaceholder, maskedTranscript } from "./masked.ts";

describe("the caller's words in a file without transcripts", () => {
  it.each<[text: string, confidence: number | undefined, kept: string]>([
    ["Mhm, okay.", undefined, "Mhm, okay."],
    ["Stop!", 0.9, "Stop!"],
    ["My pin is 42.", 0.9, "Xx xxx xx 00."],
    // What only sounds like such words decides as they do, where the recogniser was not sure.
    ["Bright, okay.", 0.5, "Bright, okay."],
    ["Bright, okay.", 0.9, "Xxxxxx, xxxx."],
    ["Bright, okay.", undefined, "Xxxxxx, xxxx."],
    ["Step.", 0.3, "Step."],
  ])("%s, sure %d", (text, confidence, kept) => {
    expect(callersPlaceholder(text, confidence)).toBe(kept);
    const part = { type: "final", text, confidence } as const;
    expect(maskedTranscript(part, callersPlaceholder)).toEqual({ ...part, text: kept });
  });
});
