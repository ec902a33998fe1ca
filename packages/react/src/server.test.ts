import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { createElement as h } from "react";
import { renderToString } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { type CallSetup, loudness, useVoiceCall } from "./index.ts";
import { wholePage } from "./page.fixture.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const folder = fileURLToPath(new URL("..", import.meta.url));

// A path as on a page: on a server there is nothing it could be relative to, and nobody calls there.
const setup: CallSetup = { url: "/voice", transport: "auto" };

/** The same, with React 18 in place of React. */
async function renderedBy18(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { renderToString } from "react-dom/server";
        import { wholePage } from "./page.fixture.ts";
        export const version = require("react").version;
        export const html = renderToString(wholePage(${JSON.stringify(setup)}));`,
      resolveDir: here,
      loader: "ts",
    },
    alias: { react: `${folder}node_modules/react-18`, "react-dom": `${folder}node_modules/react-dom-18` },
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    jsx: "automatic",
    conditions: ["@roomkit/source"],
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "error",
  });
  const module = { exports: {} as { version: string; html: string } };
  new Function("module", "exports", "require", outputFiles[0]?.text as string)(
    module,
    module.exports,
    (await import("node:module")).createRequire(import.meta.url),
  );
  expect(module.exports.version).toMatch(/^18\./);
  return module.exports.html;
}

function Lost(): null {
  useVoiceCall();
  return null;
}

describe("on a server", () => {
  it("is rendered, with accessible names and nothing that a strict policy forbids", () => {
    const html = renderToString(wholePage(setup));
    for (const part of [
      "Start call</button>",
      'aria-pressed="false">Mute</button>',
      'aria-label="Your microphone"',
      'aria-label="The assistant&#x27;s voice"',
      'role="log"',
      "Nothing yet",
      "Microphone</label>",
      "No call",
    ])
      expect(html).toContain(part);
    expect(html).not.toContain("style=");
  });

  it("is rendered by React 18 as by React 19", { timeout: 60_000 }, async () => {
    const plain = (html: string): string => html.replace(/(id|for)="[^"]*"/g, "");
    expect(plain(await renderedBy18())).toBe(plain(renderToString(wholePage(setup))));
  });

  it("says what is missing around a hook", () => {
    expect(() => renderToString(h(Lost))).toThrow(/no <VoiceCall> above this/);
  });

  it("is marked as code for clients, in what is published too", () => {
    expect(readFileSync(`${here}index.ts`, "utf8")).toMatch(/^"use client";\n/);
    if (existsSync(`${folder}dist/index.js`))
      expect(readFileSync(`${folder}dist/index.js`, "utf8")).toMatch(/^"use client";\n/);
  });
});

it("draws silence as nothing and full scale as everything", () => {
  expect([-90, -60, -54, -27, 0, 6].map(loudness)).toEqual([0, 0, 0, 0.5, 1, 1]);
});
