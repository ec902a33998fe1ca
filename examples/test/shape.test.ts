import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { importsOf } from "../../tools/boundaries/workspace.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string): string => readFileSync(root + file, "utf8");
const programs = readdirSync(root, { withFileTypes: true }).flatMap((entry) => {
  const file = entry.isDirectory() ? `${entry.name}/server.ts` : entry.name;
  return file.endsWith(".ts") && existsSync(root + file) ? [file] : [];
});
const tests = readdirSync(`${root}test`)
  .filter((name) => name.endsWith(".test.ts") && name !== "shape.test.ts")
  .map((name) => read(`test/${name}`))
  .join("\n");
const declared = (folder: string): string[] => Object.keys(JSON.parse(read(`${folder}package.json`)).dependencies);

describe.each(programs)("%s", (file) => {
  const text = read(file);
  const name = file.replace(/(\/server)?\.ts$/, "");

  it("begins with what it shows, how to run it and what to try", () => {
    const comment = text.slice(0, text.search(/^(?!\/\/)/m));
    expect(comment.split("\n").length).toBeLessThanOrEqual(10);
    expect(comment).toMatch(name === "scale-out" ? /docker compose up/ : `npm run example ${name}`);
    expect(comment).toMatch(/Try: /);
  });

  it("imports only what a user of the packages can", () => {
    const packages = importsOf(text).filter((each) => !each.startsWith("./") && !isBuiltin(each));
    const names = packages.map((each) =>
      each
        .split("/")
        .slice(0, each.startsWith("@") ? 2 : 1)
        .join("/"),
    );
    expect(packages).toEqual(names);
    expect(declared(name === "next" ? "next/" : "")).toEqual(expect.arrayContaining(names));
  });

  it("reads its port, and ends when it is told to", () => {
    expect(text).toMatch(/\bPORT\b/);
    expect(text).toMatch(/process\.once\("SIGTERM"|operate\(\{/);
  });

  it("is listed, and run by a test", () => {
    expect(read("README.md")).toContain(`](${posix.dirname(file) === "." ? file : `${name}/`}`);
    expect(tests).toMatch(new RegExp(`"${name}(\\.ts|/server\\.ts)?"`));
  });
});

it("finds all of them", () => expect(programs.length).toBeGreaterThanOrEqual(18));
