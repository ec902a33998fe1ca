import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/run.mjs";
import { unsafeLogLines } from "./log-lines.ts";
import { sourcesOf } from "./sources.ts";

/** What a page's own handler throws goes to the console of that page: the developer's, in the caller's browser. */
const LOGS_TO_A_PAGE = "packages/client/";

it("row 66: no log line of a package carries an error, or the words of one: they may quote what was said, or a key", () => {
  const read = (file: string): string => readFileSync(join(root, file), "utf8");
  const files = sourcesOf(root).filter((file) => !file.startsWith(LOGS_TO_A_PAGE));
  expect(files.flatMap((file) => unsafeLogLines(file, read(file)))).toEqual([]);
});

describe("the check", () => {
  it.each([
    'logger.warn({ error }, "it failed");',
    'this.#logger.error({ error, session: id }, "it failed");',
    'logger.error({ session, problem: error }, "it failed");',
    'logger.error({ error: String(error) }, "it failed");',
    'logger.error({ error: error.message }, "it failed");',
    'logger.error({ message: (thrown as Error).message }, "it failed");',
    'logger.error({ why: thrown instanceof Error ? thrown.message : "" }, "it failed");',
    `logger.error({}, \`it failed: \${cause}\`);`,
    `logger.error({}, \`it failed: \${result.error.stack}\`);`,
    'options.logger?.info({ ...(error ? { error } : {}) }, "it failed");',
    'host.log.debug({ lastError: lastError }, "it failed");',
    "console.error(error);",
    'logger.warn({ ...error }, "it failed");',
    'logger.warn({ detail: describe(error) }, "it failed");',
    'logger.warn({ cause: this.#failure.error }, "it failed");',
    'logger.warn({ said: JSON.stringify({ error }) }, "it failed");',
  ])("finds %s", (text) => {
    expect(unsafeLogLines("a.ts", `\n${text}`)).toContainEqual(expect.stringMatching(/^a\.ts:2: /));
  });

  it.each([
    'logger.warn(errorFields(error), "it failed");',
    'logger.warn({ session: session.id, ...errorFields(thrown) }, "it failed");',
    'logger.warn({ code: error.code, status: error.status }, "it failed");',
    'logger.warn({ code: RoomKitError.is(thrown) ? thrown.code : "internal" }, "it failed");',
    'room.emit("stt_error", { session, error });',
    'settle.error({ error }, "no logger");',
    'logger.error({ event, connection: this.id, reason }, "a listener failed");',
  ])("takes %s", (text) => {
    expect(unsafeLogLines("a.ts", text)).toEqual([]);
  });
});
