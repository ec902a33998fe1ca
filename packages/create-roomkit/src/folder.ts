import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { RoomKitError } from "@roomkit/core";

const MOST_CHARS = 214;
/** Names that npm takes for something else. */
const RESERVED: ReadonlySet<string> = new Set(["node_modules", "favicon.ico", "roomkit", "create-roomkit"]);
/** What may stand in a folder that counts as empty. */
const IGNORED: ReadonlySet<string> = new Set([".git", ".DS_Store"]);

/** Where a project goes, and what it is called: as its folder. */
export interface Target {
  readonly folder: string;
  readonly name: string;
}

/** @throws RoomKitError `invalid_name`, `folder_not_empty` */
export function targetOf(path: string, cwd: string): Target {
  const folder = resolve(cwd, path);
  const name = basename(folder);
  const problem = nameProblem(name);
  if (problem) throw new RoomKitError("invalid_name", `"${name}" cannot be the name of a project: ${problem}`);
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory())
      throw new RoomKitError("folder_not_empty", `${folder} is a file: choose another name`);
    const there = readdirSync(folder).filter((entry) => !IGNORED.has(entry));
    if (there.length > 0)
      throw new RoomKitError(
        "folder_not_empty",
        `${folder} is not empty: it has ${there.slice(0, 3).join(", ")}${there.length > 3 ? " and more" : ""}. Choose another name, or empty it`,
      );
  }
  return { folder, name };
}

/** What is wrong with a name of a package, or undefined. */
function nameProblem(name: string): string | undefined {
  if (name.length > MOST_CHARS) return `it is longer than ${MOST_CHARS} characters`;
  if (RESERVED.has(name)) return "npm keeps that name for something else";
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name))
    return "it may have small letters, digits, dots, hyphens and underscores, and begins with a letter or digit";
  return undefined;
}
