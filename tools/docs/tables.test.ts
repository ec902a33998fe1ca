import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FAIL_CLOSED, HookTrigger } from "../../packages/core/src/rooms/hooks.ts";
import { defaultLimits } from "../../packages/transport-webrtc/src/transport/options.ts";
import { factories, files } from "./factories.fixture.ts";
import { root } from "./readmes.fixture.ts";

const read = (packageName: string): string => readFileSync(`${root}packages/${packageName}/README.md`, "utf8");

/** The names in the first column of a page's tables. */
const listed = (page: string): string[] =>
  [...page.matchAll(/^\| (.*?)[^\\]\|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([\w.]+)/g)].map(([, name = ""]) => name),
  );

describe("the tables of a README", () => {
  it.each([...files.keys()])("name every option of %s", (packageName) => {
    const page = read(packageName);
    const names = new Set(listed(page).flatMap((name) => name.split(".")));
    const missing = factories(packageName).flatMap(({ name, options }) =>
      options.filter((option) => !names.has(option.name)).map((option) => `${name}: ${option.name}`),
    );
    expect(missing).toEqual([]);
  });

  it("name every limit of a WebRTC call", () => {
    expect(listed(read("transport-webrtc"))).toEqual(expect.arrayContaining(Object.keys(defaultLimits)));
  });

  it("name every route of a stand-in", async () => {
    const page = read("provider-standins");
    const folder = `${root}packages/provider-standins/src/protocols`;
    const sources = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      /(?<!test)\.ts$/.test(name),
    );
    const routes = sources.flatMap((name) =>
      [...readFileSync(`${folder}/${name}`, "utf8").matchAll(/^ {4}name: "(\w+\.[\w.-]+)",$/gm)].map(
        ([, route = ""]) => route,
      ),
    );
    expect(routes.length).toBeGreaterThan(10);
    expect(routes.filter((route) => !page.includes(`\`${route}\``))).toEqual([]);
  });

  it("name every hook, and those that block when they break", () => {
    const rows = new Map(
      [...read("core").matchAll(/^\| `([A-Z_]+)` +\|(.*)$/gm)].map(([, trigger = "", row = ""]) => [trigger, row]),
    );
    expect([...rows.keys()].sort()).toEqual(Object.keys(HookTrigger).sort());
    const closed = [...rows].filter(([, row]) => row.includes("fails closed")).map(([trigger]) => trigger);
    expect(closed.sort()).toEqual([...FAIL_CLOSED].sort());
  });
});
