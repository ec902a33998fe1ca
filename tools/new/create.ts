import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ruleFor } from "../boundaries/rules.ts";
import { apiReport, reportFile } from "../releases/api-report.ts";

/** What a provider can be. */
export const kinds = ["stt", "tts", "ai", "realtime"] as const;
type Kind = (typeof kinds)[number];

export interface NewPackage {
  /** `provider-acme`, `denoiser-acme` */
  readonly folder: string;
  readonly template: Kind | "stage";
  /** What its names begin with: `acme`. */
  readonly name: string;
}

interface Template {
  readonly description: string;
  readonly dependencies: readonly string[];
  readonly development: Readonly<Record<string, string>>;
  /** The function that it exports, after its name. */
  readonly suffix: string;
}

const templates: Readonly<Record<NewPackage["template"], Template>> = {
  stt: { description: "Speech to text by", dependencies: ["core", "provider-utils"], development: {}, suffix: "Stt" },
  tts: { description: "Text to speech by", dependencies: ["core", "provider-utils"], development: {}, suffix: "Tts" },
  ai: { description: "Language models by", dependencies: ["core", "provider-utils"], development: {}, suffix: "AI" },
  realtime: {
    description: "Speech to speech by",
    dependencies: ["core", "provider-utils"],
    development: { "@types/ws": "catalog:", ws: "catalog:" },
    suffix: "Realtime",
  },
  stage: { description: "A stage of the audio pipeline:", dependencies: ["core"], development: {}, suffix: "" },
};

/** What a command line asks for. @throws Error with a sentence for who typed it. */
export function newPackage(what: string | undefined, name: string | undefined, kind = "stt"): NewPackage {
  if (name === undefined) throw new Error("The name is missing.");
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new Error("A name has small letters, digits and single hyphens, and begins with a letter.");
  if (what === "provider") {
    const template = kinds.find((each) => each === kind);
    if (template === undefined) throw new Error(`--kind is one of ${kinds.join(", ")}.`);
    return { folder: `provider-${name}`, template, name };
  }
  if (what !== "stage") throw new Error("Make what? provider or stage.");
  if (ruleFor(name) === undefined)
    throw new Error(
      `A stage's name begins with its kind, as in denoiser-acme; ${name} has none of tools/boundaries/rules.ts.`,
    );
  return { folder: name, template: "stage", name };
}

/** Writes the package and names it wherever packages are named. The install is left to the caller. */
export function createPackage(root: string, { folder, template, name }: NewPackage): void {
  const path = join(root, "packages", folder);
  if (existsSync(path)) throw new Error(`packages/${folder} is there already.`);
  const fill = (text: string): string =>
    text
      .replaceAll("__name__", name)
      .replaceAll("__camel__", camel(name))
      .replaceAll("__Pascal__", pascal(name))
      .replaceAll("__UPPER__", name.replaceAll("-", "_").toUpperCase());
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), text);
  };
  try {
    write("package.json", json(manifest(root, folder, template, name)));
    write("tsconfig.json", json(tsconfig(template)));
    write("README.md", readme(folder, template, name));
    const from = fileURLToPath(new URL(`./templates/${template}/`, import.meta.url));
    for (const file of readdirSync(from, { recursive: true, encoding: "utf8" }).filter((each) => each.endsWith(".txt")))
      write(fill(file).replace(/\.txt$/, ""), fill(readFileSync(join(from, file), "utf8")));
    register(root, folder, template, name);
    writeFileSync(reportFile(root, folder), apiReport(root, folder));
  } catch (error) {
    rmSync(path, { recursive: true, force: true });
    throw error;
  }
}

/** The manifest of a neighbour, for this package. */
function manifest(
  root: string,
  folder: string,
  template: NewPackage["template"],
  name: string,
): Record<string, unknown> {
  const neighbour = template === "stage" ? "agc" : "provider-ai-sdk";
  const text = readFileSync(join(root, "packages", neighbour, "package.json"), "utf8");
  const copied = JSON.parse(text.replaceAll(new RegExp(`\\b${neighbour}\\b`, "g"), folder));
  const { description, dependencies, development } = templates[template];
  const own = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.map((each) => [`@roomkit/${each}`, "workspace:^"]));
  return {
    ...copied,
    name: `@roomkit/${folder}`,
    version: "0.1.0",
    description: `${description} ${name}.`,
    ...(copied.keywords === undefined
      ? {}
      : { keywords: [...new Set(["roomkit", "voice", "voice-ai", "speech", name])] }),
    dependencies: own(dependencies),
    devDependencies: { ...own(["testing"]), ...development },
  };
}

function tsconfig(template: NewPackage["template"]): Record<string, unknown> {
  return {
    extends: "../../tsconfig.base.json",
    compilerOptions: { types: ["node"] },
    include: ["src"],
    references: templates[template].dependencies.map((each) => ({ path: `../${each}` })),
  };
}

function readme(folder: string, template: NewPackage["template"], name: string): string {
  const { description, suffix } = templates[template];
  const factory = camel(name) + suffix;
  const upper = `${name.replaceAll("-", "_").toUpperCase()}_API_KEY`;
  const options =
    template === "stage"
      ? [["`gainDb`", "0", "-24 to 24 dB"]]
      : [
          ["`apiKey`", `\`${upper}\``, "a string, or a `Secret` of `@roomkit/provider-utils`"],
          ...(template === "realtime" ? [["`baseURL`", "the vendor's", "another address"]] : []),
        ];
  const codes: Readonly<Record<NewPackage["template"], readonly (readonly string[])[]>> = {
    stt: [["`unsupported_format`", "audio that is not mono at 16,000 Hz"]],
    tts: [],
    ai: [],
    realtime: [["`unsupported`", "a change of a session that runs"]],
    stage: [["`unsupported_format`", "two channels, or a frame of another rate than before"]],
  };
  const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
    [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
  return [
    `# @roomkit/${folder}`,
    `${description} ${name}. A skeleton: what stands for ${template === "stage" ? "the stage" : "the vendor"} is made up.`,
    `\`\`\`sh\nnpm install @roomkit/${folder}\n\`\`\``,
    `\`\`\`ts\nimport { ${factory} } from "@roomkit/${folder}";\n\nconst made = ${factory}(${template === "stage" ? "{ gainDb: 6 }" : '{ apiKey: "your key" }'});\nconsole.log(made.name); // ${name}\n\`\`\``,
    table(["option", "default", ""], options),
    "## Errors",
    ...(codes[template].length > 0 ? [table(["code", "when"], codes[template])] : []),
    template === "stage"
      ? "An option out of its range is refused when the stage is made."
      : "And the vendor's, by kind: see [`ProviderError`](../provider-utils/README.md#errors). Without a key none is made.",
    "",
  ]
    .join("\n\n")
    .replace(/\n+$/, "\n");
}

/** The build, the list of packages, and the first entry of its changelog. */
function register(root: string, folder: string, template: NewPackage["template"], name: string): void {
  const file = join(root, "tsconfig.json");
  const config: { references: { path: string }[] } = JSON.parse(readFileSync(file, "utf8"));
  config.references.push({ path: `packages/${folder}` });
  writeFileSync(file, json(config));

  const page = join(root, "README.md");
  const text = readFileSync(page, "utf8");
  const neighbour = template === "stage" ? "agc" : "provider-ai-sdk";
  const link = (of: string): string => `[\`${of}\`](packages/${of})`;
  if (!text.includes(link(neighbour))) throw new Error(`README.md names no ${neighbour} to stand beside.`);
  writeFileSync(page, text.replace(link(neighbour), `${link(folder)} · ${link(neighbour)}`));

  const { description } = templates[template];
  writeFileSync(
    join(root, ".changeset", `${folder}.md`),
    `---\n"@roomkit/${folder}": minor\n---\n\n${description} ${name}.\n`,
  );
}

const camel = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
const pascal = (name: string): string => camel(name).replace(/^./, (letter) => letter.toUpperCase());
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
