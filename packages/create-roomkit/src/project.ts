import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { assistantOf } from "./assistant.ts";
import type { Choices } from "./choices.ts";
import type { Manager } from "./manager.ts";
import { settingsFor } from "./manager.ts";
import { manifestOf } from "./manifest.ts";
import { chosenParts } from "./parts.ts";
import { environmentOf, readmeOf } from "./texts.ts";

/** The name that stands in the templates for the project's. */
const PLACEHOLDER = "PROJECT";
const ASSISTANT = "src/assistant.ts";

/** The files of a project: the text of each by its path. */
export function projectFiles(name: string, choices: Choices, manager: Manager): ReadonlyMap<string, string> {
  const { where, how } = choices;
  const next = where === "next";
  const files = new Map([
    ...template("shared"),
    ...(next ? template("page", "app") : [...template("server"), ...template("page", "page")]),
    ...template(`where/${where}`),
    ...template(`how/${how}`),
    ...(chosenParts(choices).size > 0 ? template("vendor") : []),
  ]);
  files.set(ASSISTANT, assistantOf(files.get(ASSISTANT) ?? "", choices));
  // npm leaves files of that name out of packages.
  const ignored = files.get("gitignore") ?? "";
  files.delete("gitignore");
  files.set(".gitignore", next ? `${ignored}.next\nnext-env.d.ts\n*.tsbuildinfo\n` : ignored);
  files.set("package.json", manifestOf(name, choices));
  files.set(".env.example", environmentOf(choices));
  files.set("README.md", readmeOf(name, choices, manager));
  for (const [file, text] of Object.entries(settingsFor(manager))) files.set(file, text);
  return new Map([...files].map(([path, text]) => [path, text.replaceAll(PLACEHOLDER, name)]));
}

/** Writes files into a folder, and what folders they need. */
export function write(files: ReadonlyMap<string, string>, folder: string): void {
  for (const [path, text] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    // Whoever put something there meanwhile keeps it.
    writeFileSync(file, text, { flag: "wx" });
  }
}

/** The files of a template by their paths in a project. */
function template(name: string, into = ""): [path: string, text: string][] {
  return filesBelow(fileURLToPath(new URL(`../templates/${name}`, import.meta.url)), into);
}

/** Folder by folder: where yarn keeps packages zipped, `recursive` does not say where files are. */
function filesBelow(folder: string, path: string): [path: string, text: string][] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = join(folder, entry.name);
    const below = path === "" ? entry.name : `${path}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(file, below) : [[below, readFileSync(file, "utf8")]];
  });
}
