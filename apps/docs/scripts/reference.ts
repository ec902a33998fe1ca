// Writes apps/docs/reference: the README of each package, beside it what typedoc reads in its docstrings, and other pages of the
// repository.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, type TypeDocOptions } from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";
import { packages, root } from "../../../tools/docs/markdown.ts";
import { packageGroups } from "../.vitepress/navigation.ts";
import { addressOf, onSite, others } from "./site.ts";

const site = fileURLToPath(new URL("../", import.meta.url));
rmSync(`${site}reference`, { recursive: true, force: true });
await writeApi();
// typedoc's own list of the modules.
rmSync(`${site}reference/README.md`);
for (const name of packages) {
  const api = `\n\n## Reference\n\nEvery export with its types: [API](/reference/${name}/api).\n`;
  write(`/reference/${name}/index`, page(`packages/${name}/README.md`) + api);
}
for (const [address, file] of Object.entries(others)) if (address !== "/") write(address, page(file));
for (const name of readdirSync(`${root}docs/decisions`)) {
  const file = `docs/decisions/${name}`;
  write(addressOf(file) as string, page(file));
}
write("/reference/index", listOfPackages());

function page(file: string): string {
  return onSite(readFileSync(root + file, "utf8"), file);
}

function write(address: string, text: string): void {
  const file = `${site}${address.slice(1)}.md`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function listOfPackages(): string {
  const description = (name: string): string =>
    JSON.parse(readFileSync(`${root}packages/${name}/package.json`, "utf8")).description;
  const groups = packageGroups.map(({ text, packages: names }) => {
    const rows = names.map(
      (name) => `- [${name}](/reference/${name}/) ([API](/reference/${name}/api)): ${description(name)}`,
    );
    return `## ${text}\n\n${rows.join("\n")}\n`;
  });
  return `# Packages\n\nEach package has a page with its options, events and errors, and a reference of every export.\n\n${groups.join("\n")}`;
}

/** One page for each package, from its docstrings. Types were checked by whoever wrote them. */
async function writeApi(): Promise<void> {
  const options: Partial<TypeDocOptions & PluginOptions> = {
    entryPoints: packages.map((name) => `${root}packages/${name}/src/index.ts`),
    tsconfig: `${site}tsconfig.json`,
    plugin: ["typedoc-plugin-markdown"],
    out: `${site}reference`,
    outputFileStrategy: "modules",
    pageTitleTemplates: { module: ({ name }: { name: string }) => `${name.replace(/\/api$/, "")}: API` },
    hidePageHeader: true,
    hideBreadcrumbs: true,
    interfacePropertiesFormat: "table",
    classPropertiesFormat: "table",
    typeAliasPropertiesFormat: "table",
    enumMembersFormat: "table",
    parametersFormat: "table",
    useCodeBlocks: true,
    groupOrder: ["Functions", "Classes", "Interfaces", "Type Aliases", "*"],
    readme: "none",
    excludePrivate: true,
    excludeInternal: true,
    excludeExternals: true,
    disableSources: true,
    skipErrorChecking: true,
    logLevel: "Error",
  };
  const app = await Application.bootstrapWithPlugins(options);
  const project = await app.convert();
  if (!project) throw new Error("typedoc could not read the packages");
  for (const module of project.children ?? []) module.name = module.name.replace(/\/src$/, "/api");
  await app.generateOutputs(project);
}
