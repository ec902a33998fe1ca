#!/usr/bin/env node
// Nothing is imported before that: an older Node could not load it.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`create-roomkit: RoomKit needs Node >= 20.19; this is ${process.versions.node}`);
  process.exitCode = 1;
} else {
  const { main } = await import("./main.ts");
  process.exitCode = await main({
    args: process.argv.slice(2),
    cwd: process.cwd(),
    env: process.env,
    input: process.stdin,
    output: process.stdout,
    errors: process.stderr,
  });
}
