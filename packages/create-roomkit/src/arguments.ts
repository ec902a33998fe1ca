import { parseArgs } from "node:util";
import { RoomKitError } from "@roomkit/core";
import {
  type Choice,
  type Choices,
  type How,
  type Model,
  models,
  places,
  recognisers,
  voices,
  ways,
} from "./choices.ts";

/** What the command line says; what it does not say is missing. */
export interface Arguments extends Partial<Choices> {
  /** Where to, as given. */
  readonly path?: string;
  readonly yes: boolean;
  readonly install: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

const options = {
  where: { type: "string" },
  how: { type: "string" },
  model: { type: "string" },
  stt: { type: "string" },
  tts: { type: "string" },
  install: { type: "boolean", default: false },
  yes: { type: "boolean", short: "y", default: false },
  help: { type: "boolean", short: "h", default: false },
  version: { type: "boolean", short: "v", default: false },
} as const;

/** @throws RoomKitError `invalid_option` */
export function parseArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  const { where, how, model, stt, tts, ...rest } = values;
  const [path, ...more] = positionals;
  if (more.length > 0) throw invalid(`one folder is enough: ${positionals.join(", ")}`);
  if (path === "") throw invalid("the folder has no name");
  const way = oneOf("how", how, ways);
  if (way === "realtime" && (stt ?? tts) !== undefined)
    throw invalid("--stt and --tts are for --how voice: a model of speech to speech hears and speaks itself");
  return {
    ...rest,
    ...given("path", path),
    ...given("where", oneOf("where", where, places)),
    ...given("how", way),
    ...given("model", modelOf(way, model)),
    ...given("stt", oneOf("stt", stt, recognisers)),
    ...given("tts", oneOf("tts", tts, voices)),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // After the first sentence it explains folders whose names look like flags.
    throw invalid((error as Error).message.split(". ", 1)[0] as string);
  }
}

/**
 * A model of the one way is none of the other; which way may hang on an answer that is still to come.
 *
 * @throws RoomKitError `invalid_option`
 */
export function modelOf(how: How | undefined, model: string | undefined): Model | undefined {
  if (how === undefined) return oneOf("model", model, [...models.voice, ...models.realtime]);
  const way = ways.find(({ value }) => models[value].some((each) => each.value === model));
  return oneOf("model", model, models[how], way && `: --how ${way.value} has it`);
}

/** @throws RoomKitError `invalid_option` when the value is none of them; `hint` says where it is one */
function oneOf<Value extends string>(
  flag: string,
  value: string | undefined,
  choices: readonly Choice<Value>[],
  hint = "",
): Value | undefined {
  if (value === undefined) return undefined;
  const found = choices.find((choice) => choice.value === value);
  if (found) return found.value;
  const names = [...new Set(choices.map((choice) => choice.value))];
  throw invalid(`--${flag} is one of ${names.join(", ")}, not "${value}"${hint}`);
}

function given<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: Value });
}

function invalid(message: string): RoomKitError {
  return new RoomKitError("invalid_option", message);
}

const names = (choices: readonly Choice[]): string => choices.map(({ value }) => value).join(", ");

export const usage: string = `npm create roomkit@latest [folder] -- [flags]

Writes a small project in TypeScript: a server that people can talk to from a page. Runs with no key.

  --where    where it runs: ${names(places)}
  --how      how it talks: ${names(ways)}
  --model    who answers: ${names(models.voice)}
             for --how realtime: ${names(models.realtime)}
  --stt      who recognises speech: ${names(recognisers)}
  --tts      who speaks: ${names(voices)}
  --install  installs the packages, too
  -y, --yes  asks nothing: what is not said is the first of each
  -h, --help, -v, --version
`;
