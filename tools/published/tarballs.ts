import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

/** What is wrong with a tarball, by publint and arethetypeswrong. */
export async function lintTarball(file: string): Promise<string[]> {
  const bytes = Uint8Array.from(readFileSync(file));
  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer }, strict: true });
  const { types, ...analysis } = await checkPackage(createPackageFromTarballData(bytes));
  const problems = "problems" in analysis ? analysis.problems : [];
  return [
    ...messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`),
    ...(types ? [] : ["arethetypeswrong: no types"]),
    ...problems
      // The packages are ES modules only, on purpose: it is its profile `esm-only`. `require` loads them from Node 20.19 on.
      .filter((problem) => {
        const resolution = "resolutionKind" in problem ? problem.resolutionKind : undefined;
        return resolution !== "node10" && resolution !== "node16-cjs";
      })
      .map((problem) => `arethetypeswrong: ${JSON.stringify(problem)}`),
  ];
}

/** The text of a file in a tarball. */
export function readInTarball(tarball: string, file: string): string | undefined {
  try {
    return execFileSync("tar", ["-xzOf", tarball, `package/${file}`], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch {
    return undefined;
  }
}

/** How large a tarball is, and what is in it. */
export function sizesOf(tarball: string): { packed: number; unpacked: number } {
  const listed = execFileSync("tar", ["-tvzf", tarball], { encoding: "utf8" }).trim().split("\n");
  return {
    packed: statSync(tarball).size,
    unpacked: listed.reduce(
      (sum, line) => sum + Number(/\s(\d+)\s+\d{4}-\d\d-\d\d\s/.exec(line)?.[1] ?? Number.NaN),
      0,
    ),
  };
}
