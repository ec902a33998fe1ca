import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../../scripts/lib/run.mjs";
import { Workshop } from "./workshop.fixture.ts";

// Only in `npm run create:matrix`: each package manager makes, installs, checks, builds and starts a project.

describe.runIf(process.env.CREATE_MATRIX)("a project by", () => {
  let workshop: Workshop;
  beforeAll(async () => {
    workshop = await Workshop.open();
    mkdirSync(join(workshop.folder, "managers"));
    const yarns = ["yarn-1@npm:yarn@1.22.22", "yarn-4@npm:@yarnpkg/cli-dist@4.18.1"];
    await workshop.run("managers", "npm", "install", "--prefix", ".", ...yarns);
  }, 600_000);
  afterAll(async () => await workshop?.close());

  const yarn = (version: string, file: string) => () => [
    process.execPath,
    join(workshop.folder, "managers/node_modules", version, file),
  ];
  it.each([
    { name: "npm", program: () => ["npm"], create: ["create", "--yes", "roomkit@latest", "app", "--", "--yes"] },
    {
      name: "pnpm",
      program: () => [join(root, "node_modules/.bin/pnpm")],
      create: ["create", "roomkit", "app", "--yes"],
    },
    { name: "yarn 1", program: yarn("yarn-1", "bin/yarn.js"), create: ["create", "roomkit", "app", "--yes"] },
    { name: "yarn 4", program: yarn("yarn-4", "bin/yarn.js"), create: ["dlx", "create-roomkit", "app", "--yes"] },
  ])("$name", { timeout: 600_000 }, async ({ name, program, create }) => {
    const folder = name.replace(" ", "-");
    mkdirSync(join(workshop.folder, folder));
    const [command = "", ...args] = program();
    const run = (where: string, ...more: readonly string[]) => workshop.run(where, command, ...args, ...more);
    const said = await run(folder, ...create);
    expect(said).toContain(`  ${name.split(" ")[0]} install\n`);
    const app = `${folder}/app`;
    await run(app, "install");
    expect(readdirSync(join(workshop.folder, app))).toContain("node_modules");
    await run(app, "run", "typecheck");
    await run(app, "run", "build");
    const server = await workshop.start(app, [command, ...args, "run", "start"]);
    try {
      expect((await fetch(`${server.url}/main.js`)).status).toBe(200);
    } finally {
      await server.stop();
    }
  });
});
