import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const folder = new URL("../../.changeset/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".md") && name !== "README.md");

it.each(files)("%s names packages, how they change, and why", (name) => {
  const text = readFileSync(new URL(name, folder), "utf8");
  const [, packages = "", why = ""] =
    /^---\n((?:"@?[\w/-]+": (?:major|minor|patch)\n)+)---\n\n([\s\S]+)$/.exec(text) ?? [];
  expect(packages).not.toBe("");
  expect(why.trim()).not.toBe("");
});
