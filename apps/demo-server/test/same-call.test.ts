import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Column, theCall } from "./same-call.fixture.ts";

interface Difference {
  /** The lines it is about. */
  readonly lines: RegExp;
  /** `absent`: only voice channels have them. `apart`: the same, in the same order, but not in the same places among the others. */
  readonly are: "absent" | "apart";
}

/**
 * Everything in which a realtime channel differs from a voice channel, by the first cell of its row in the README of
 * channel-realtime, which says why.
 */
const DIFFERENCES: Readonly<Record<string, Difference>> = {
  "`BEFORE_AI_GENERATION`, `ON_AI_RESPONSE`": {
    lines: /^(BEFORE_AI|ON_AI_RESPONSE|.*"channelId":"ai")/,
    are: "absent",
  },
  "`BEFORE_TTS`": { lines: /^BEFORE_TTS/, are: "apart" },
  "`ON_PARTIAL_TRANSCRIPTION`": { lines: /^ON_PARTIAL|"role":"user".*"final":false/, are: "apart" },
  "`ON_TTS_CANCELLED`, `ON_BARGE_IN`": { lines: /^(ON_TTS_CANCELLED|ON_BARGE_IN)|"cut":true/, are: "apart" },
  "`interrupted`": { lines: /"type":"interrupted"/, are: "apart" },
  "`transcript` with `heard`, `metrics`": {
    lines: /"role":"assistant".*"final":true.*"heard"|^ON_TURN_METRICS|"type":"metrics"/,
    are: "apart",
  },
  "`state`": { lines: /"type":"state"/, are: "apart" },
};

/** The lines of a call by the row they belong to; "" for those that must be the same in the same order. */
function strands(lines: readonly string[]): Record<string, string[]> {
  const strand = (line: string): string =>
    Object.entries(DIFFERENCES).find(([, difference]) => difference.lines.test(line))?.[0] ?? "";
  const found: Record<string, string[]> = {};
  for (const line of lines) {
    const name = strand(line);
    found[name] ??= [];
    if (DIFFERENCES[name]?.are !== "absent") found[name].push(line);
  }
  for (const [name, { are }] of Object.entries(DIFFERENCES)) if (are === "absent") delete found[name];
  return found;
}

const sides = (column: Column): unknown => ({
  hooks: strands(column.hooks),
  messages: strands(column.messages),
  events: column.events,
});

describe("the same call", async () => {
  const voice = await theCall("voice");

  it.each(["cascade", "vendor"] as const)("is told the same by a realtime channel with a %s", async (kind) => {
    expect(sides(await theCall(kind))).toEqual(sides(voice));
  });

  it("is a whole call", () => {
    const triggers = new Set(voice.hooks.map((line) => line.split(" ")[0]));
    for (const trigger of [
      "ON_SPEECH_START",
      "ON_BARGE_IN",
      "AFTER_TTS",
      "ON_TURN_METRICS",
      "ON_DTMF",
      "ON_CLIENT_DATA",
    ])
      expect(triggers).toContain(trigger);
    const reasons = voice.hooks.flatMap((line) => /^ON_TTS_CANCELLED .*"reason":"(\w+)"/.exec(line)?.[1] ?? []);
    expect(reasons).toEqual(["barge_in", "text_input", "client"]);
  });

  it("differs only where the README says so", () => {
    const readme = readFileSync(new URL("../../../packages/channel-realtime/README.md", import.meta.url), "utf8");
    const [, section = ""] = readme.split("## How it differs from the voice channel\n");
    const [table = ""] = section.split("\n## ");
    const rows = [...table.matchAll(/^\| (`.*?) *\|/gm)].map(([, cell]) => cell);
    expect(rows).toEqual(Object.keys(DIFFERENCES));
  });
});
