import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { installed } from "./installed.ts";

it("counts every package once, with all it needs, and not what is not there", () => {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-installed-"));
  const write = (file: string, content: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  };
  const manifest = (needs: readonly string[], optional: readonly string[] = []): string =>
    JSON.stringify({
      dependencies: Object.fromEntries(needs.map((name) => [name, "1"])),
      optionalDependencies: Object.fromEntries(optional.map((name) => [name, "1"])),
    });
  try {
    const [a, b, c] = [manifest(["b", "c"], ["other-system"]), manifest(["c", "a"]), manifest([])];
    write("node_modules/a/package.json", a);
    write("node_modules/b/package.json", b);
    write("node_modules/b/lib/index.js", "x".repeat(1_000));
    // As pnpm has it.
    write("store/c/package.json", c);
    symlinkSync(join(folder, "store/c"), join(folder, "node_modules/c"));
    symlinkSync(join(folder, "node_modules/b"), join(folder, "store/c/b"));
    expect(installed(["a"], folder)).toEqual({ packages: 3, bytes: a.length + b.length + c.length + 1_000 });
    expect(() => installed(["nothing"], folder)).toThrow(/not installed/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
