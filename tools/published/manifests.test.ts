import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/run.mjs";

// What a registry shows of a package, and what is sent to it. Exports, licence and README: tools/boundaries.

interface Described {
  readonly name: string;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly homepage?: string;
  readonly bugs?: string;
  readonly repository?: { readonly type: string; readonly url: string; readonly directory?: string };
  readonly license?: string;
  readonly engines?: { readonly node?: string };
  readonly publishConfig?: { readonly access?: string };
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly bin?: unknown;
}

const read = (file: string): Described => JSON.parse(readFileSync(join(root, file), "utf8"));
/** The one place that says where the repository is; everything else follows it. */
const whole = read("package.json");
const address = whole.repository?.url.replace(/^git\+/, "").replace(/\.git$/, "");
const packages = readdirSync(join(root, "packages")).filter((name) =>
  existsSync(join(root, "packages", name, "package.json")),
);

/** What is wrong with the manifest of a package in `packages/<folder>`. */
function problems(folder: string, manifest: Described): string[] {
  const wanted = {
    homepage: `${address}/tree/main/packages/${folder}#readme`,
    bugs: `${address}/issues`,
    repository: { ...whole.repository, directory: `packages/${folder}` },
    license: whole.license,
    engines: whole.engines,
  };
  const wrong = Object.entries(wanted)
    .filter(([key, value]) => JSON.stringify(manifest[key as keyof Described]) !== JSON.stringify(value))
    .map(([key, value]) => `${key} must be ${JSON.stringify(value)}`);
  const { description = "", keywords = [], publishConfig } = manifest;
  if (!/^[A-Z].{10,150}\.$/.test(description)) wrong.push("description must be a sentence of at most 150 characters");
  if (!keywords.includes("roomkit") || keywords.length < 4 || new Set(keywords).size < keywords.length)
    wrong.push('keywords must be "roomkit" and at least three others');
  if (publishConfig?.access !== "public") wrong.push("publishConfig.access must be public");
  return wrong;
}

describe("the manifest of", () => {
  it.each(packages)("%s says what it is and where it comes from", (folder) => {
    expect(problems(folder, read(`packages/${folder}/package.json`))).toEqual([]);
  });
});

it("the check finds what is missing", () => {
  const good = read("packages/core/package.json");
  expect(problems("core", { ...good, keywords: ["roomkit"], description: "Core", bugs: "x" })).toHaveLength(3);
  expect(problems("core", { name: good.name })).toHaveLength(8);
  expect(problems("agc", good)).toHaveLength(2);
});
