import type { Readable, Writable } from "node:stream";
import { RoomKitError } from "@roomkit/core";
import { type Arguments, modelOf, parseArguments, usage } from "./arguments.ts";
import { type Answers, ask, DEFAULT_PATH } from "./ask.ts";
import { defaults } from "./choices.ts";
import { targetOf } from "./folder.ts";
import { install, managerOf } from "./manager.ts";
import { ownManifest } from "./manifest.ts";
import { projectFiles, write } from "./project.ts";
import { goodbye } from "./texts.ts";

/** What a run of the program has around it. */
export interface Surroundings {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
  readonly errors: Writable;
}

/** Of what the command line says wrong, and of all else. */
const EXIT = { usage: 2, failed: 1 } as const;
const USAGE: ReadonlySet<string> = new Set(["invalid_option", "invalid_name"]);

/** Runs the program; gives its exit code. What goes wrong is told in a line that begins with its code. */
export async function main(surroundings: Surroundings): Promise<number> {
  try {
    await create(surroundings);
    return 0;
  } catch (error) {
    const { code, message } = RoomKitError.from(error, "write_failed");
    surroundings.errors.write(`create-roomkit: ${code}: ${message}\n`);
    if (code === "invalid_option") surroundings.errors.write("npm create roomkit -- --help tells the flags.\n");
    return USAGE.has(code) ? EXIT.usage : EXIT.failed;
  }
}

async function create({ args, cwd, env, input, output }: Surroundings): Promise<void> {
  const given = parseArguments(args);
  if (given.help) return void output.write(usage);
  if (given.version) return void output.write(`${ownManifest().version}\n`);
  // What cannot be is said before anything is asked.
  if (given.path !== undefined) targetOf(given.path, cwd);
  const asks = !given.yes && input.isTTY === true && output.isTTY === true && !env.CI;
  const { path, ...choices } = asks ? await ask(given, cwd, { input, output }) : withDefaults(given);
  modelOf(choices.how, choices.model);
  const manager = managerOf(env.npm_config_user_agent);
  const { folder, name } = targetOf(path, cwd);
  write(projectFiles(name, choices, manager), folder);
  if (given.install) await install(manager, folder);
  output.write(`\n${goodbye({ name, path }, choices, manager, given.install)}`);
}

function withDefaults({ path = DEFAULT_PATH, where, how, model, stt, tts }: Arguments): Answers {
  return {
    path,
    where: where ?? defaults.where,
    how: how ?? defaults.how,
    model: model ?? defaults.model,
    stt: stt ?? defaults.stt,
    tts: tts ?? defaults.tts,
  };
}
