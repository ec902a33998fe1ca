import { describe, expect, it } from "vitest";
import type { Visibility } from "../binding.ts";
import { canSee, narrow } from "./visibility.ts";

const voice = { channelId: "voice", category: "transport" } as const;
const ui = { channelId: "ui", category: "transport" } as const;
const ai = { channelId: "ai", category: "intelligence" } as const;

describe("canSee", () => {
  const table: [Visibility, boolean, boolean, boolean][] = [
    // visibility, its own speaker (voice), another transport, an intelligence
    ["all", true, true, true],
    ["none", false, false, false],
    ["transport", true, true, false],
    ["intelligence", true, false, true],
    [["ai"], true, false, true],
    [[], true, false, false],
  ];
  it.each(table)("of %o: speaker %s, transport %s, intelligence %s", (visibility, own, transport, intelligence) => {
    const event = { status: "delivered", visibility, source: { channelId: "voice", role: "user" } } as const;
    expect([voice, ui, ai].map((reader) => canSee(event, reader))).toEqual([own, transport, intelligence]);
    expect([voice, ui, ai].some((reader) => canSee({ ...event, status: "blocked" }, reader))).toBe(false);
  });
});

describe("narrow", () => {
  const table: [allowed: Visibility, asked: Visibility | undefined, result: Visibility][] = [
    ["all", undefined, "all"],
    ["transport", undefined, "transport"],
    ["all", "intelligence", "intelligence"],
    ["transport", "all", "transport"],
    ["transport", "transport", "transport"],
    ["transport", "intelligence", []],
    ["transport", "none", "none"],
    ["none", "all", "none"],
    ["none", ["ui"], "none"],
    ["all", ["ui", "ai"], ["ui", "ai"]],
    ["transport", ["ui", "ai"], ["ui"]],
    [["ai", "ui"], "transport", ["ui"]],
    [["ai", "ui"], ["ui", "voice"], ["ui"]],
  ];
  it.each(table)("%o asked for %o gives %o", (allowed, asked, result) => {
    expect(narrow(allowed, asked, [voice, ui, ai])).toEqual(result);
  });
});
