import type { Readable, Writable } from "node:stream";
import { isCancel, select, text } from "@clack/prompts";
import { RoomKitError } from "@roomkit/core";
import type { Arguments } from "./arguments.ts";
import { type Choice, type Choices, defaults, models, places, recognisers, voices, ways } from "./choices.ts";
import { targetOf } from "./folder.ts";

/** The terminal of whoever answers. */
export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
}

export interface Answers extends Choices {
  readonly path: string;
}

export const DEFAULT_PATH = "roomkit-app";

/** Asks for what the command line has not said. @throws RoomKitError `aborted` when it is called off */
export async function ask(given: Arguments, cwd: string, terminal: Terminal): Promise<Answers> {
  const choose = <Value extends string>(message: string, choices: readonly Choice<Value>[]): Promise<Value> =>
    answered(terminal, (common) =>
      select<string>({ ...common, message, options: choices.map((choice) => ({ ...choice })) }),
    );

  const path = given.path ?? (await askPath(cwd, terminal));
  const where = given.where ?? (await choose("Where does it run?", places));
  const how = given.how ?? (await choose("How does it talk?", ways));
  if (how === "realtime") {
    const model = given.model ?? (await choose("Which model?", models.realtime));
    return { ...defaults, path, where, how, model };
  }
  const said = given.model ?? given.stt ?? given.tts;
  if (said === undefined && (await choose("Who hears, thinks and speaks?", everything)) === "local")
    return { ...defaults, path, where, how };
  return {
    path,
    where,
    how,
    model: given.model ?? (await choose("Which model?", models.voice)),
    stt: given.stt ?? (await choose("Which recogniser?", recognisers)),
    tts: given.tts ?? (await choose("Which voice?", voices)),
  };
}

const everything: readonly Choice<"local" | "choose">[] = [
  { value: "local", label: "This machine", hint: "no key, English" },
  { value: "choose", label: "Let me choose" },
];

function askPath(cwd: string, terminal: Terminal): Promise<string> {
  return answered(terminal, (common) =>
    text({
      ...common,
      message: "What is it called?",
      placeholder: DEFAULT_PATH,
      defaultValue: DEFAULT_PATH,
      validate: (value) => problemWith(value || DEFAULT_PATH, cwd),
    }),
  );
}

function problemWith(path: string, cwd: string): string | undefined {
  try {
    targetOf(path, cwd);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Asks one question. Called off by Ctrl-C, and by the end of the input: Ctrl-D, or a terminal that is gone. */
async function answered<Value>(
  terminal: Terminal,
  question: (common: Terminal & { readonly signal: AbortSignal }) => Promise<Value | symbol>,
): Promise<never> {
  const ended = new AbortController();
  let later: NodeJS.Immediate | undefined;
  // The question's own reading of the input ends with it. Where it ended before, nobody is left who could answer, and it would wait for ever.
  const onPause = (): void => {
    later = setImmediate(() => ended.abort());
  };
  terminal.input.once("pause", onPause);
  try {
    const value = await question({ ...terminal, signal: ended.signal });
    if (isCancel(value)) throw new RoomKitError("aborted", "called off: nothing was written");
    return value as never;
  } finally {
    terminal.input.off("pause", onPause);
    clearImmediate(later);
  }
}
