import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const fixture = fileURLToPath(new URL("process.fixture.ts", import.meta.url));
const loader = process.env.ROOMKIT_SOURCE_LOADER as string;

it.each(["closed", "open"])("does not keep the process alive (%s)", { timeout: 60_000 }, async (how) => {
  const started = promisify(execFile)(
    process.execPath,
    ["--import", loader, "--conditions=@roomkit/source", fixture, how],
    {
      timeout: 50_000,
    },
  );
  await expect(started).resolves.toMatchObject({ stdout: "", stderr: "" });
});
