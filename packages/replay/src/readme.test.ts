import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

it("the example does what is said of it", async () => {
  const [, code = ""] = /```ts\n(.*?)```/s.exec(await readFile(here("../README.md"), "utf8")) ?? [];
  // In the package, so that its imports resolve.
  const file = here(`../.example-${process.pid}.mts`);
  await writeFile(file, code);
  try {
    const loader = new URL("../../../tools/source.mjs", import.meta.url).href;
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...["--conditions=@roomkit/source", "--import", loader, file],
    ]);
    const [same, ...others] = stdout.trimEnd().split("\n");
    expect(same).toBe("0");
    expect(others.filter((line) => /^- .* \| cut off before: /.test(line))).not.toHaveLength(0);
    expect(
      others.some((line) => /^\+ .* assistant: Berlin is the capital of Germany, as it was before\.$/.test(line)),
    ).toBe(true);
    expect(Number(others.at(-1))).toBeGreaterThan(2);
  } finally {
    await rm(file, { force: true });
  }
}, 60_000);
