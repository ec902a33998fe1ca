import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { root } from "../../scripts/lib/run.mjs";

interface Job {
  readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
}
interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const github = join(root, ".github");
const files = readdirSync(github, { recursive: true, encoding: "utf8" }).filter((name) => /\.ya?ml$/.test(name));
const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

it.each(files)("%s is YAML", (file) => {
  expect(parse(readFileSync(join(github, file), "utf8"), { strict: true, uniqueKeys: true })).toBeTypeOf("object");
});

const forms = files.filter((file) => /ISSUE_TEMPLATE.(?!config)/.test(file));
it.each(forms)("%s is a form as GitHub reads it", (file) => {
  const form = parse(readFileSync(join(github, file), "utf8"));
  expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String), body: expect.any(Array) });
  const ids = form.body.flatMap(({ id, type }: { id?: string; type: string }) => (type === "markdown" ? [] : [id]));
  expect(new Set(ids).size).toBe(ids.length);
  for (const { type, attributes } of form.body) {
    expect(["markdown", "textarea", "input", "dropdown", "checkboxes"]).toContain(type);
    expect(attributes[type === "markdown" ? "value" : "label"]).toBeTypeOf("string");
  }
});

describe.each(files.filter((file) => file.startsWith("workflows")))("%s", (file) => {
  const workflow: Workflow = parse(readFileSync(join(github, file), "utf8"));
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps);

  it("runs scripts that exist", () => {
    const named = steps.flatMap(({ run = "" }) => [...run.matchAll(/npm run ([\w:-]+)|npm (test|start)/g)]);
    expect(named.map(([, script, short]) => script ?? short).filter((name = "") => !(name in scripts))).toEqual([]);
  });

  it("says which version of each action it takes", () => {
    const uses = steps.flatMap(({ uses }) => uses ?? []);
    expect(uses.filter((name) => !/@(v\d+|[0-9a-f]{40})$/.test(name))).toEqual([]);
  });

  it("may do no more than read, but for what a job says, and ends some time", () => {
    expect(Object.values(workflow.permissions ?? { none: "said" }).filter((right) => right !== "read")).toEqual([]);
    for (const [name, job] of jobs) expect(job["timeout-minutes"], name).toBeGreaterThan(0);
  });
});
