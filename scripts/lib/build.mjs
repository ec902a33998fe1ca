import { run } from "./run.mjs";

/** Compiles every package and app whose sources changed. Resolves with the compiler's exit code. */
export function compile() {
  return run("tsc", ["-b"]);
}

/** Bundles the browser pages whose sources changed. Resolves with an exit code; prints only when it fails. */
export function bundle() {
  return run("turbo", ["run", "bundle"], { quiet: true });
}

/** Both, the second only after the first. Resolves with an exit code. */
export async function build() {
  return (await compile()) || (await bundle());
}
