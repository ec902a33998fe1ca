import { spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const environment = {
  ...process.env,
  // Installed tools before anything else, so that no step after the install needs the network.
  PATH: [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter),
  TURBO_TELEMETRY_DISABLED: "1",
  DO_NOT_TRACK: "1",
};

/**
 * Runs a program of `node_modules/.bin` or of the machine in the repository's folder and resolves with its exit code.
 * A program that cannot be started gives 127, one ended by a signal 1.
 * @param {string} program
 * @param {string[]} args
 * @param {{ quiet?: boolean, env?: Record<string, string> }} [options] `quiet` shows the output only when the program fails
 * @returns {Promise<number>}
 */
export function run(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...environment, ...options.env },
      stdio: options.quiet ? ["ignore", "pipe", "pipe"] : "inherit",
      shell: process.platform === "win32",
    });
    /** @type {Buffer[]} */
    const output = [];
    child.stdout?.on("data", (chunk) => output.push(chunk));
    child.stderr?.on("data", (chunk) => output.push(chunk));
    const stop = () => child.kill("SIGTERM");
    process.once("SIGTERM", stop);
    const finish = (/** @type {number} */ code) => {
      process.removeListener("SIGTERM", stop);
      if (code !== 0) process.stderr.write(Buffer.concat(output));
      resolve(code);
    };
    child.once("error", (error) => {
      console.error(`${program}: ${error.message}`);
      finish(127);
    });
    child.once("close", (code) => finish(code ?? 1));
  });
}
