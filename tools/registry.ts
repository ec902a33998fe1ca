import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { publish as publishTo } from "libnpmpublish";
import { freePort } from "./free-port.ts";

const exec = promisify(execFile);

/** A package registry on this machine: what is published to it is installed from it, all else comes from the usual registry. */
export interface LocalRegistry {
  readonly url: string;
  /** What a package manager must have in its environment to install from it, publish to it and keep no cache of the user's. */
  readonly env: NodeJS.ProcessEnv;
  /** Publishes a tarball, as `npm publish` does. */
  publish(tarball: string): Promise<void>;
  close(): Promise<void>;
}

/** For a Node process with a channel to its parent: it ends when the parent has, however that ended, and its folder goes with it. */
const endsWithItsParent = `data:text/javascript,${encodeURIComponent(`
  import { rmSync } from "node:fs";
  const folder = process.cwd();
  process.once("disconnect", () => {
    process.chdir("/");
    rmSync(folder, { recursive: true, force: true });
    process.exit();
  });
`)}`;

/** Starts a registry that has `tarballs`, as `packAll` makes them; it goes with `close`. */
export async function startRegistry(tarballs: Iterable<string> = []): Promise<LocalRegistry> {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-registry-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const { stdout } = await exec("npm", ["config", "get", "registry"], { cwd: tmpdir() });
  const ours = { access: "$all", publish: "$all", unpublish: "$all" };
  const config = {
    storage: join(folder, "storage"),
    // Nobody logs in.
    auth: { htpasswd: { file: join(folder, "htpasswd"), max_users: -1 } },
    uplinks: { usual: { url: stdout.trim(), timeout: "60s", maxage: "60m" } },
    packages: {
      "@roomkit/*": ours,
      roomkit: ours,
      "create-roomkit": ours,
      "**": { access: "$all", proxy: "usual" },
    },
    // The moonshine models are in a tarball of 20 MB.
    max_body_size: "200mb",
    web: { enable: false },
    log: { type: "stdout", level: "warn" },
  };
  // JSON is YAML.
  writeFileSync(join(folder, "config.yaml"), JSON.stringify(config));
  const userConfig = join(folder, "npmrc");
  writeFileSync(userConfig, `registry=${url}\n//127.0.0.1:${port}/:_authToken=anybody\n`);
  const cache = join(folder, "cache");
  mkdirSync(cache);
  const env = {
    npm_config_registry: url,
    npm_config_userconfig: userConfig,
    npm_config_cache: cache,
    npm_config_update_notifier: "false",
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_cache_dir: join(folder, "pnpm"),
    YARN_REGISTRY: url,
    // What it remembers of a registry it remembers by the name of the host, whatever the port.
    YARN_GLOBAL_FOLDER: join(folder, "yarn"),
    YARN_NPM_REGISTRY_SERVER: url,
    YARN_UNSAFE_HTTP_WHITELIST: "127.0.0.1",
  };

  const program = createRequire(import.meta.url).resolve("verdaccio/bin/verdaccio");
  const args = ["--import", endsWithItsParent, program, "--config", join(folder, "config.yaml"), "--listen", url];
  const server = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const publish = async (tarball: string): Promise<void> => {
    const { stdout: manifest } = await exec("tar", ["-xzOf", tarball, "package/package.json"]);
    await publishTo(JSON.parse(manifest), readFileSync(tarball), {
      registry: url,
      access: "public",
      forceAuth: { token: "anybody" },
    });
  };
  let output = "";
  for (const stream of [server.stdout, server.stderr])
    stream?.on("data", (chunk) => {
      output = (output + chunk).slice(-8_000);
    });
  const close = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) {
      server.kill("SIGKILL");
      await once(server, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (let tries = 0; ; tries++) {
      if (server.exitCode !== null || tries > 600) throw new Error(`The local registry did not start: ${output}`);
      if (
        await fetch(`${url}-/ping`)
          .then(({ ok }) => ok)
          .catch(() => false)
      )
        break;
      await wait(100);
    }
    for (const tarball of tarballs) await publish(tarball);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, env, publish, close };
}
