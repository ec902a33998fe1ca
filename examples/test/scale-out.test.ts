import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { InspectorView } from "@roomkit/inspector";
import { expect, it } from "vitest";
import WebSocket from "ws";
import { parse } from "yaml";
import { SdkClient } from "../../apps/demo-server/test/sdk-client.fixture.ts";
import { until as untilWithin } from "../../apps/demo-server/test/speech.fixture.ts";
import { postgresPrograms, redisProgram, startPostgres, startRedis } from "../../tools/engines.ts";
import { freePort } from "../../tools/free-port.ts";
import { type Program, start } from "./program.fixture.ts";

const until: typeof untilWithin = (what, look) => untilWithin(what, look, 60_000);
const folder = fileURLToPath(new URL("../scale-out/", import.meta.url));
const haveProxy = spawnSync("haproxy", ["-v"]).status === 0;
const haveNginx = spawnSync("nginx", ["-v"]).status === 0;
const haveCompose = spawnSync("docker", ["compose", "version"]).status === 0;

/** A browser's WebSocket: it keeps the cookies that it is given. */
function keepingCookies() {
  const given = { cookie: "", open: undefined as WebSocket | undefined };
  class Socket extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols ?? [], { headers: { cookie: given.cookie } });
      given.open = this;
      this.on("error", () => {});
      this.on("upgrade", ({ headers }) => {
        const [first] = headers["set-cookie"] ?? [];
        if (first) given.cookie = first.split(";", 1)[0] as string;
      });
    }
  }
  return { given, Socket };
}

/** Two of the example's processes, and where they are. */
async function twoApps(more: Readonly<Record<string, string>> = {}) {
  const env = { ...more, DRAIN_MS: "0", TRUSTED_PROXIES: "127.0.0.1", HOST: "127.0.0.1" };
  const run = async (NAME: string): Promise<[string, Program]> => [
    NAME,
    await start("scale-out/server.ts", { env: { ...env, NAME } }),
  ];
  const apps = new Map(await Promise.all(["app-1", "app-2"].map(run)));
  const address = (name: string): string => `127.0.0.1:${new URL(apps.get(name)?.url as string).port}`;
  return { apps, address };
}

/**
 * Somebody calls, comes back into the same session from a lost connection, and goes on when their process ends: in a new one, or in the same
 * where sessions are kept.
 */
async function callThrough(
  url: string,
  apps: ReadonlyMap<string, Program>,
  { kept = false, cookieOf }: { readonly kept?: boolean; readonly cookieOf?: (app: string) => string } = {},
) {
  const { given, Socket } = keepingCookies();
  const caller = await SdkClient.call(url, { reconnect: true, socket: Socket });
  const sessions: boolean[] = [];
  caller.client.on("session", ({ resumed }) => sessions.push(resumed));
  const greeting = (): string | undefined => caller.lines.map((line) => /this is (app-\d)/.exec(line)?.[1]).at(-1);
  const first = await until("a greeting", greeting);
  if (cookieOf) expect(given.cookie).toBe(cookieOf(first));

  given.open?.terminate();
  await until("the same session", () => sessions.length === 1);
  expect(sessions).toEqual([true]);

  expect(await apps.get(first)?.stop()).toBe(0);
  await until("another process", () => (kept ? sessions.length === 2 : greeting() !== first));
  expect(sessions).toEqual([true, kept]);
  if (kept) {
    const before = caller.lines.length;
    caller.client.sendText("What time is it?");
    await until("an answer of the other process", () => caller.lines.length === before + 2);
  }
  await caller.hangUp();
}

/** One page shows the calls of both, and mutes and ends one, whichever process its requests come to. */
async function operateThrough(url: string): Promise<void> {
  const caller = await SdkClient.call(url);
  let ended: string | undefined;
  caller.client.on("state", ({ state, reason }) => {
    if (state === "ended") ended = reason;
  });
  const authorization = "Bearer operators-only";
  const live = await fetch(`${url}/inspect/live`, { headers: { authorization } });
  const reader = live.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const both = async (): Promise<InspectorView | undefined> => {
    text += (await reader?.read())?.value ?? "";
    const event = text.split("\n\n").at(-2)?.replace("data: ", "");
    const view: InspectorView | undefined = event === undefined ? undefined : JSON.parse(event);
    return view?.processes.length === 2 && view.processes.some(({ calls }) => calls.length > 0) ? view : undefined;
  };
  const view = await until("both processes and a call", both);
  const [found] = view.processes.flatMap(({ id, calls }) => calls.map((call) => ({ process: id, call: call.id })));
  // By turns to either of them.
  for (const action of ["mute", "unmute", "mute", "end"]) {
    const headers = { authorization, "content-type": "application/json" };
    const body = JSON.stringify({ ...found, action });
    expect((await fetch(`${url}/inspect/act`, { method: "POST", headers, body })).status).toBe(200);
  }
  // An end on purpose, of which nobody needs to complain.
  await until("the end", () => ended);
  expect(ended).toBe("server_closed");
  await reader?.cancel();
}

it.skipIf(!haveProxy)(
  "the balancer leads a caller back to their call, and to another process when theirs ends",
  async () => {
    const redis = redisProgram === undefined ? undefined : await startRedis();
    const database = postgresPrograms ? await startPostgres() : undefined;
    const { apps, address } = await twoApps({
      ...(redis && { REDIS_URL: redis.url, INSPECT_TOKEN: "operators-only" }),
      ...(database && { DATABASE_URL: database.url }),
    });
    const port = await freePort();
    const proxy = spawn("haproxy", ["-db", "-f", `${folder}haproxy.cfg`], {
      env: { ...process.env, BIND: `127.0.0.1:${port}`, APP_1: address("app-1"), APP_2: address("app-2") },
      stdio: "ignore",
    });
    const url = `http://127.0.0.1:${port}`;
    try {
      await until("both behind the balancer", async () => (await fetch(`${url}/healthz`).catch(() => undefined))?.ok);
      if (redis) await operateThrough(url);
      await callThrough(url, apps, { kept: database !== undefined, cookieOf: (app) => `ROOMKIT=${app}` });
    } finally {
      proxy.kill("SIGTERM");
      await once(proxy, "exit");
      for (const app of apps.values()) await app.stop();
      await redis?.stop();
      await database?.stop();
    }
  },
);

it.skipIf(!haveNginx)("nginx does the same, and asks the other process where one drains", async () => {
  const { apps, address } = await twoApps();
  const port = await freePort();
  const at = mkdtempSync(join(tmpdir(), "roomkit-nginx-"));
  const file = join(at, "nginx.conf");
  const config = readFileSync(`${folder}nginx.conf`, "utf8")
    .replace("listen 8000", `listen 127.0.0.1:${port}`)
    .replace("worker_processes auto", "daemon off; worker_processes 1")
    .replace(
      "access_log off;",
      ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${at}/${name};`).join(" "),
    )
    .replace(/(app-\d):8000/g, (_, name: string) => address(name));
  writeFileSync(file, config);
  const log = ["-p", at, "-e", join(at, "error.log"), "-g", `pid ${at}/pid;`];
  const proxy = spawn("nginx", ["-c", file, ...log], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  try {
    await until("a process behind nginx", async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok);
    await callThrough(url, apps);
  } finally {
    proxy.kill("SIGTERM");
    await once(proxy, "exit");
    for (const app of apps.values()) await app.stop();
    rmSync(at, { recursive: true });
  }
});

it("kubernetes.yaml asks what the program answers, and gives it the time that it asks for", () => {
  const [deployment, service, budget] = readFileSync(`${folder}kubernetes.yaml`, "utf8")
    .split(/^---$/m)
    .map((text) => parse(text));
  expect([deployment, service, budget].map(({ kind }) => kind)).toEqual([
    "Deployment",
    "Service",
    "PodDisruptionBudget",
  ]);
  const { containers, terminationGracePeriodSeconds } = deployment.spec.template.spec;
  const [app] = containers;
  expect([app.livenessProbe, app.readinessProbe].map(({ httpGet }) => httpGet.path)).toEqual(["/healthz", "/readyz"]);
  const env = new Map<string, string>(app.env.map(({ name, value }: { name: string; value: string }) => [name, value]));
  const server = readFileSync(`${folder}server.ts`, "utf8");
  for (const name of env.keys()) expect(server).toContain(name);
  const asked = Number(env.get("READY_DELAY_MS")) + Number(env.get("DRAIN_MS")) + 15_000;
  expect(terminationGracePeriodSeconds * 1_000).toBeGreaterThan(asked + 5_000);
  for (const { spec } of [service, budget])
    expect(spec.selector.matchLabels ?? spec.selector).toEqual(deployment.spec.template.metadata.labels);
});

it.skipIf(!haveProxy)("haproxy.cfg has nothing that HAProxy complains of", () => {
  const env = { ...process.env, APP_1: "127.0.0.1:1", APP_2: "127.0.0.1:2" };
  const { status, stderr, stdout } = spawnSync("haproxy", ["-c", "-f", "haproxy.cfg"], { cwd: folder, env });
  expect(`${status} ${stdout}${stderr}`).toMatch(/^0 /);
  expect(`${stdout}${stderr}`).not.toMatch(/WARNING|ALERT/);
});

it.skipIf(!haveProxy)("the balancer starts while processes are away", () => {
  const env = { ...process.env, APP_1: "away.invalid:8000", APP_2: "away.invalid:8000" };
  const { status, stderr } = spawnSync("haproxy", ["-c", "-f", "haproxy.cfg"], { cwd: folder, env });
  expect(`${status} ${stderr}`).toMatch(/^0 /);
});

it.skipIf(!haveCompose)("compose.yaml is what Docker Compose understands", () => {
  const { status, stderr } = spawnSync("docker", ["compose", "config", "--quiet"], { cwd: folder });
  expect(`${status} ${stderr}`).toBe("0 ");
});

it("compose.yaml builds the image once, and the balancer waits for processes that are healthy", async () => {
  interface Service {
    readonly build?: object;
    readonly depends_on?: Readonly<Record<string, unknown>>;
    readonly healthcheck: { readonly test: readonly string[] };
  }
  const compose = parse(readFileSync(`${folder}compose.yaml`, "utf8"), { merge: true });
  const services = compose.services as Readonly<Record<string, Service>>;
  expect(Object.keys(services).filter((name) => services[name]?.build)).toEqual(["app-1"]);
  const healthy = { condition: "service_healthy" };
  expect(services.balancer?.depends_on).toEqual({ "app-1": healthy, "app-2": healthy });
  for (const name of ["app-1", "app-2"])
    expect(services[name]?.depends_on).toEqual({ database: healthy, redis: healthy });

  const answers = createServer(({ url }, response) => response.writeHead(url === "/readyz" ? status : 404).end());
  let status = 200;
  await once(answers.listen(0, "127.0.0.1"), "listening");
  const { port } = answers.address() as AddressInfo;
  const [kind, command = "", ...args] = services["app-2"]?.healthcheck.test ?? [];
  const exit = async (): Promise<unknown> =>
    (
      await once(
        spawn(
          command,
          args.map((text) => text.replace("8000", String(port))),
          { stdio: "ignore" },
        ),
        "exit",
      )
    )[0];
  expect([kind, await exit()]).toEqual(["CMD", 0]);
  status = 503;
  expect(await exit()).toBe(1);
  answers.close();
  answers.closeAllConnections();
  expect(await exit()).toBe(1);
});

it("compose.yaml, haproxy.cfg and server.ts mean the same", () => {
  const [compose, config, server] = ["compose.yaml", "haproxy.cfg", "server.ts"].map((name) =>
    readFileSync(folder + name, "utf8"),
  ) as [string, string, string];
  const apps = [...compose.matchAll(/^ {2}(app-\d):$/gm)].map(([, name]) => name);
  expect(apps).toEqual(["app-1", "app-2"]);
  for (const name of apps) expect(config).toContain(`server ${name} `);
  const parsed = parse(compose, { merge: true });
  const variables = apps.flatMap((name) => Object.keys(parsed.services[name as string].environment));
  expect(variables.length).toBe(12);
  for (const name of variables) expect(server).toContain(`${name}`);
});
