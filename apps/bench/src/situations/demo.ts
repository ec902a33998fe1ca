import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = new URL("../../../../", import.meta.url);
/** Models are loaded before the server listens. */
const START_MS = 60_000;
const STOP_MS = 10_000;

/** The demo server, from source, as `npm start` runs it without keys of vendors: in a process of its own, on a free port. */
export async function startDemo(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const path = (file: string): string => fileURLToPath(new URL(file, root));
  const local = { ROOMKIT_STT: "local", ROOMKIT_AI: "local", ROOMKIT_TTS: "local", ROOMKIT_REALTIME: "local" };
  const child = spawn(
    process.execPath,
    [
      "--conditions=@roomkit/source",
      "--import",
      new URL("tools/source.mjs", root).href,
      path("apps/demo-server/src/main.ts"),
    ],
    { cwd: path("."), env: { ...process.env, ...local, PORT: "0" }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const gone = new Promise((resolve) => child.once("exit", resolve));
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill("SIGKILL");
      reject(new Error(`the demo ${why}:\n${output}`));
    };
    const timer = setTimeout(fail, START_MS, "did not start");
    const hear = (text: string): void => {
      // Its beginning is enough to say what is wrong.
      if (output.length < 100_000) output += text;
      const port = /http:\/\/localhost:(\d+)/.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(`http://127.0.0.1:${port}`);
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    void gone.then((code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
  return {
    url,
    async stop() {
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      child.kill("SIGTERM");
      await gone;
      clearTimeout(timer);
    },
  };
}
