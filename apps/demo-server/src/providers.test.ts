import { audioPipeline } from "@roomkit/pipeline";
import { expect, describe as group, it } from "vitest";
import type { Env } from "./config.ts";
import { chooseProviders, describe } from "./providers.ts";

const choose = (env: Env) => chooseProviders(env, "slt", { pipeline: audioPipeline({}) });
const names = (env: Env): string[] => Object.values(choose(env)).map(({ name }) => name);

group("the demo's providers", () => {
  it.each<[string, Env, string[]]>([
    ["no key", {}, ["moonshine", "offline", "flite", "cascade of these three"]],
    ["an empty key", { OPENAI_API_KEY: "" }, ["moonshine", "offline", "flite", "cascade of these three"]],
    [
      "the seed's three",
      { DEEPGRAM_API_KEY: "k", ANTHROPIC_API_KEY: "k", ELEVENLABS_API_KEY: "k" },
      ["deepgram", "anthropic", "elevenlabs", "cascade of these three"],
    ],
    ["OpenAI alone", { OPENAI_API_KEY: "k" }, ["openai", "openai", "openai", "openai"]],
    ["Gemini alone", { GEMINI_API_KEY: "k" }, ["moonshine", "gemini", "gemini", "gemini"]],
    [
      "a choice by name",
      { OPENAI_API_KEY: "k", ROOMKIT_AI: "local", ROOMKIT_REALTIME: "local" },
      ["openai", "offline", "openai", "cascade of these three"],
    ],
  ])("with %s", (_what, env, expected) => {
    expect(names(env)).toEqual(expected);
  });

  it("says what it chose and why, and no key", () => {
    const lines = Object.values(describe(choose({ DEEPGRAM_API_KEY: "secret-1", ROOMKIT_TTS: "local" })));
    expect(lines).toEqual([
      "deepgram (DEEPGRAM_API_KEY is set)",
      "offline (no key is set)",
      "flite (ROOMKIT_TTS says so)",
      "cascade of these three (no key is set)",
    ]);
  });

  it("refuses a name nobody has, and one without its key, in words", () => {
    expect(() => choose({ ROOMKIT_STT: "ears" })).toThrow(/ROOMKIT_STT must be one of local, deepgram, openai/);
    expect(() => choose({ ROOMKIT_STT: "deepgram" })).toThrow(/needs DEEPGRAM_API_KEY/);
  });
});
