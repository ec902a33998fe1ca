import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { circlesOf } from "./circles.ts";
import { maxLines, type Rule, ruleFor, webFrameworks } from "./rules.ts";
import type { Manifest, Package, Source } from "./workspace.ts";

const scope = "@roomkit/";
/** The packages whose names have no scope: who begins installs the one and runs the other. */
const unscoped: ReadonlySet<string> = new Set(["roomkit", "create-roomkit"]);
const sourceCondition = "@roomkit/source";

/** Everything that is wrong with one package, each in a sentence that begins with where. Empty when all is well. */
export function checkPackage(pkg: Package): string[] {
  if (!pkg.path.startsWith("packages/")) {
    return [...checkReferences(pkg), ...checkSources(pkg, undefined), ...checkCircles(pkg)];
  }
  const rule = ruleFor(folderName(pkg));
  if (!rule) return [`${pkg.path}: no rule knows this kind of package; add it to tools/boundaries/rules.ts`];
  return [
    ...checkManifest(pkg),
    ...checkDependencies(pkg, rule),
    ...checkPlatform(pkg, rule),
    ...checkReferences(pkg),
    ...checkSources(pkg, rule),
    ...checkCircles(pkg),
  ];
}

function checkManifest({ path, manifest, readme }: Package): string[] {
  const wrong: string[] = [];
  const expect = (ok: boolean, what: string): void => {
    if (!ok) wrong.push(`${path}/package.json: ${what}`);
  };
  const folder = posix.basename(path);
  const name = unscoped.has(folder) ? folder : scope + folder;
  expect(manifest.name === name, `the name must be ${name}`);
  expect(manifest.license === "MIT", "license must be MIT");
  expect(manifest.type === "module", "type must be module");
  expect(manifest.sideEffects === false, "sideEffects must be false");
  expect(typeof manifest.description === "string", "a description is missing");
  expect(isRecord(manifest.engines) && typeof manifest.engines.node === "string", "engines.node is missing");
  expect(manifest.private !== true, "packages/ holds what is published; private belongs in apps/");
  const files = Array.isArray(manifest.files) ? manifest.files : [];
  for (const entry of ["dist", "src", "!**/*.test.ts", "!**/*.fixture.ts"])
    expect(files.includes(entry), `files must list ${entry}`);
  for (const problem of exportProblems(manifest)) expect(false, problem);
  if (!readme?.startsWith(`# ${manifest.name}\n`))
    wrong.push(`${path}/README.md: must begin with "# ${manifest.name}"`);
  return wrong;
}

/** Inside the workspace an import finds the source; a published package has no such condition, and is otherwise equal. */
function exportProblems({ exports = {}, publishConfig }: Manifest): string[] {
  const published = publishConfig?.exports ?? {};
  const problems = "." in exports ? [] : ['exports must have "."'];
  for (const [entry, target] of Object.entries(exports)) {
    if (!isRecord(target)) {
      if (published[entry] !== target) problems.push(`publishConfig.exports["${entry}"] must be "${target}"`);
      continue;
    }
    const { [sourceCondition]: _source, ...rest } = target;
    if (Object.keys(target).join() !== `${sourceCondition},types,default`) {
      problems.push(`exports["${entry}"] must have ${sourceCondition}, types and default, in this order`);
    } else if (JSON.stringify(published[entry]) !== JSON.stringify(rest)) {
      problems.push(`publishConfig.exports["${entry}"] must be the same without ${sourceCondition}`);
    }
  }
  for (const entry of Object.keys(published)) {
    if (!(entry in exports)) problems.push(`publishConfig.exports["${entry}"] is not in exports`);
  }
  return problems;
}

function checkDependencies({ path, manifest }: Package, rule: Rule): string[] {
  const wrong: string[] = [];
  const complain = (what: string): number => wrong.push(`${path}/package.json: ${what}`);
  const shipped = {
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  };
  for (const name of Object.keys(shipped)) {
    const folder = folderOf(name);
    if (folder !== undefined) {
      if (!rule.mayImport.includes(folder)) complain(`must not depend on ${name}`);
    } else if (!rule.thirdParty) complain(`must not depend on ${name}: this package has no dependencies`);
    else if (webFrameworks.has(name)) complain(`must not depend on the web framework ${name}`);
  }
  for (const name of Object.keys(manifest.peerDependencies ?? {})) {
    if (folderOf(name)) complain(`${name} must be a plain dependency, not a peer`);
  }
  for (const [name, range] of Object.entries({ ...shipped, ...manifest.devDependencies })) {
    if (folderOf(name) && range !== "workspace:^") complain(`${name} must be "workspace:^"`);
  }
  return wrong;
}

/** Compiled without the types of a platform, a source cannot use that platform unnoticed. */
function checkPlatform({ path, tsconfig }: Package, { platform }: Rule): string[] {
  const { types = [], lib = [] } = tsconfig.compilerOptions ?? {};
  const wrong: string[] = [];
  if (platform !== "node" && types.includes("node")) wrong.push(`${path}/tsconfig.json: must not see the Node types`);
  if (platform === "universal" && lib.some((name) => /^(dom|webworker)/i.test(name))) {
    wrong.push(`${path}/tsconfig.json: must not see the DOM types`);
  }
  return wrong;
}

/** `tsc -b` builds in the order of the references, so they say what the manifest says. */
function checkReferences({ path, manifest, tsconfig }: Package): string[] {
  const references = new Set(tsconfig.references?.map((reference) => posix.basename(reference.path)));
  const wrong: string[] = [];
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    const folder = folderOf(name);
    if (folder === undefined || references.delete(folder)) continue;
    wrong.push(`${path}/tsconfig.json: must reference ${name}, a dependency`);
  }
  for (const name of references) wrong.push(`${path}/tsconfig.json: references ${name}, which is no dependency`);
  return wrong;
}

function checkSources(pkg: Package, rule: Rule | undefined): string[] {
  return pkg.sources.flatMap((source) => {
    const where = `${pkg.path}/${source.path}`;
    const wrong = source.imports.flatMap((specifier) => {
      const problem = importProblem(pkg, source, specifier, rule);
      return problem ? [`${where}: ${problem}`] : [];
    });
    if (source.lines > maxLines && !isTest(source)) {
      wrong.push(`${where}: ${source.lines} lines, more than ${maxLines}; split it by responsibility`);
    }
    return wrong;
  });
}

/** Files that import each other, types included, can be understood and moved only together. */
function checkCircles({ path, sources }: Package): string[] {
  const graph = new Map<string, string[]>();
  for (const { path: file, imports } of sources) {
    const relative = imports.filter((specifier) => specifier.startsWith("."));
    graph.set(
      file,
      relative.map((specifier) => posix.join(posix.dirname(file), specifier)),
    );
  }
  return circlesOf(graph).map((circle) => `${path}: these import each other in a circle: ${circle.join(" -> ")}`);
}

function importProblem(pkg: Package, source: Source, specifier: string, rule: Rule | undefined): string | undefined {
  const test = isTest(source);
  if (specifier.startsWith(".")) {
    const target = posix.normalize(posix.join(posix.dirname(source.path), specifier));
    // Only apps and tests may reach for the repository's tools.
    if (!target.startsWith("../") || ((test || !rule) && /^(\.\.\/)+(tools|scripts)\//.test(target))) return undefined;
    return `${specifier} leaves the package`;
  }
  if (isBuiltin(specifier)) {
    if (test || !rule || rule.platform === "node") return undefined;
    return `must not import ${specifier}: this package is for ${rule.platform === "browser" ? "browsers" : "every runtime"}`;
  }
  const name = packageName(specifier);
  const { manifest } = pkg;
  if (name === manifest.name) return undefined;
  const declared = [
    manifest.dependencies,
    manifest.optionalDependencies,
    manifest.peerDependencies,
    test || !rule ? manifest.devDependencies : undefined,
  ].some((list) => list && Object.hasOwn(list, name));
  const folder = folderOf(name);
  if (!test && rule && folder !== undefined && !rule.mayImport.includes(folder)) {
    return `must not import ${name}`;
  }
  // Test tools stand in the root manifest, once for all packages.
  const fromRoot = test && /^(vitest|@vitest\/.*|playwright)$/.test(name);
  return declared || fromRoot ? undefined : `imports ${name}, which its manifest does not declare`;
}

/** Tests and what only tests use: never compiled into `dist`, never published. */
function isTest({ path }: Source): boolean {
  return /\.(test|fixture)\.ts$/.test(path) || path.startsWith("test/");
}

function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** Where a package of this repository is below `packages/`, by its name. */
function folderOf(name: string): string | undefined {
  if (unscoped.has(name)) return name;
  return name.startsWith(scope) ? name.slice(scope.length) : undefined;
}

function folderName({ path }: Package): string {
  return posix.basename(path);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
