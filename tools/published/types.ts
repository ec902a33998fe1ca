import { join } from "node:path";
import { root } from "../../scripts/lib/run.mjs";
import type { Project } from "./project.ts";

export const compilers = {
  "5.6": "typescript-5.6/bin/tsc",
  "6.0": "typescript/bin/tsc6",
  "7.0": "@typescript/native/bin/tsc",
} as const;
export const resolutions = { node16: "node16", nodenext: "nodenext", bundler: "esnext" } as const;

/** What a compiler says of a program that imports all of `names`, the types of what they are built on included. */
export function complaints(
  project: Project,
  names: readonly string[],
  compiler: keyof typeof compilers,
  resolution: keyof typeof resolutions,
): string[] {
  project.write("all.ts", names.map((name, i) => `export * as p${i} from ${JSON.stringify(name)};\n`).join(""));
  project.write("tsconfig.json", {
    compilerOptions: {
      noEmit: true,
      strict: true,
      skipLibCheck: false,
      target: "es2022",
      module: resolutions[resolution],
      moduleResolution: resolution,
      types: ["node"],
    },
    files: ["all.ts"],
  });
  try {
    project.node([join(root, "node_modules", compilers[compiler]), "--project", "tsconfig.json"]);
    return [];
  } catch (error) {
    return String((error as Error).message)
      .split("\n")
      .slice(1, 20);
  }
}
