// npm run packages:sizes: records how large the packages are, in tools/published/sizes.json. A test holds them to that.
import { build } from "./lib/build.mjs";
import { run } from "./lib/run.mjs";

// The page is in a package too.
process.exitCode = await build();
process.exitCode ||= await run(
  "vitest",
  ["run", "--project", "node", "tools/published/packages.test.ts", "-t", "not much larger"],
  { env: { ROOMKIT_WRITE_SIZES: "1" } },
);
