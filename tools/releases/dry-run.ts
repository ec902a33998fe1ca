import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startRegistry } from "../registry.ts";
import { pendingChangesets } from "./changesets.ts";
import { scratchCopy } from "./scratch.ts";
import { build, foldersOf, manifestOf, publish, version } from "./steps.ts";

/** What an installed `roomkit` is asked to do: take calls, and be asked for its page. */
const program = `
  import { RoomKit, voice } from "roomkit";
  const kit = new RoomKit();
  const line = await voice(kit, { port: 0, allowAnonymous: true });
  const { status } = await fetch(line.url);
  await line.close();
  await kit.close();
  console.log(status);
`;

/**
 * A whole release against a registry of this machine, in a copy of the repository: what is there is published, versions are set as
 * the changesets say, those are published, and installed. Throws where something is not as it should be.
 */
export async function dryRun(log: (line: string) => void): Promise<void> {
  const scratch = scratchCopy();
  const { folder, run } = scratch;
  log(`A copy of the files as they are: ${folder}`);
  const registry = await startRegistry();
  try {
    build(run);
    log(`Published as it is: ${publish(folder, run, registry.env).length} packages.`);

    const changesets = pendingChangesets(folder).size;
    const bumps = changesets === 0 ? [] : version(folder, run);
    scratch.commit("versions");
    log(`Versions by ${changesets} changesets:`);
    for (const { name, from, to, why } of bumps) log(`  ${name} ${from} -> ${to}: ${why}`);
    const versions = new Map(
      [...foldersOf(folder).values()].map((path) => [manifestOf(path).name, manifestOf(path).version]),
    );
    const left = [...versions.keys()].filter((name) => !bumps.some((bump) => bump.name === name));
    log(`  not touched: ${left.join(", ") || "none"}`);

    build(run);
    const published = publish(folder, run, registry.env);
    log(`Published, in this order:\n  ${published.join("\n  ")}`);
    const wanted = bumps.map(({ name, to }) => `${name}@${to}`);
    if ([...published].sort().join() !== wanted.sort().join()) throw new Error(`That should be: ${wanted.join(", ")}`);
    const again = publish(folder, run, registry.env);
    if (again.length > 0) throw new Error(`A second run published again: ${again.join(", ")}`);
    log("Published by a second run: nothing.");

    const project = join(folder, "node_modules/.cache/user");
    mkdirSync(project, { recursive: true });
    const env = { ...process.env, ...registry.env, NODE_OPTIONS: "" };
    execFileSync("npm", ["init", "--yes"], { cwd: project, env, stdio: "ignore" });
    execFileSync("npm", ["install", "roomkit"], { cwd: project, env, stdio: ["ignore", "ignore", "inherit"] });
    const installed = manifestOf(join(project, "node_modules/roomkit")).version;
    if (installed !== versions.get("roomkit")) throw new Error(`npm installed roomkit@${installed}.`);
    const status = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: project,
      env,
      encoding: "utf8",
    });
    if (status.trim() !== "200") throw new Error(`Its page was answered with ${status}.`);
    log(`Installed by npm: roomkit@${installed}. It takes calls, and its page is there.`);
  } finally {
    await registry.close();
    scratch.remove();
  }
}
