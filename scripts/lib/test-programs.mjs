import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { findChromium } from "./chromium.mjs";
import { nodeOf } from "./node-versions.mjs";
import { run } from "./run.mjs";

/** What some tests use besides npm packages: where it shows, and the Debian package it comes from. */
const programs = [
  { name: "Chromium", package: "chromium", present: () => findChromium() !== undefined },
  ...[
    { package: "firefox-esr", file: "/usr/bin/firefox-esr" },
    { package: "haproxy", file: "/usr/sbin/haproxy" },
    { package: "nginx-light", file: "/usr/sbin/nginx" },
    { package: "coturn", file: "/usr/bin/turnserver" },
    { package: "nftables", file: "/usr/sbin/nft" },
    { package: "iproute2", file: "/usr/sbin/ip" },
    { package: "redis-server", file: "/usr/bin/redis-server" },
  ].map(({ package: name, file }) => ({ name, package: name, present: () => existsSync(file) })),
  { name: "PostgreSQL", package: "postgresql", present: () => existsSync("/usr/lib/postgresql") },
  ...[
    { package: "pocketsphinx-testdata", folder: "/usr/share/pocketsphinx/test/data" },
    { package: "alsa-utils", folder: "/usr/share/sounds/alsa" },
    { package: "codec2-examples", folder: "/usr/share/codec2/raw" },
  ].map((recordings) => ({
    name: `the recordings of ${recordings.package}`,
    package: recordings.package,
    present: () => existsSync(recordings.folder),
  })),
];

/** Installs what is missing where Debian's packages can be had; elsewhere says in one sentence what will be skipped. */
export async function installTestPrograms() {
  const missing = programs.filter((program) => !program.present());
  if (missing.length === 0) return;
  const sudo = asRoot();
  if (sudo !== undefined) {
    const names = missing.map((program) => program.package);
    console.log(`Installing ${names.join(", ")}...`);
    const apt = (/** @type {string[]} */ ...args) => {
      const [program = "", ...rest] = [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", ...args];
      return run(program, rest, { quiet: true });
    };
    await apt("update");
    await apt("install", "-y", "--no-install-recommends", ...names);
  }
  const absent = missing.filter((program) => !program.present()).map((program) => program.name);
  if (absent.length > 0)
    console.log(`Not on this machine, so the tests that need it are skipped: ${absent.join(", ")}.`);
}

/** Where this Node has no SQLite of its own, one that has is installed beside the caches, for the tests of the store that uses it. */
export async function installSqliteNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) return;
  try {
    await nodeOf(22);
  } catch {
    console.log("Node 22 could not be installed, so the tests of SQLite in it are skipped.");
  }
}

/** The words to put before a command that root must run; undefined when apt-get or the right to use it is missing. */
function asRoot() {
  const works = (/** @type {string} */ program, /** @type {string[]} */ ...args) =>
    spawnSync(program, args, { stdio: "ignore" }).status === 0;
  if (!works("apt-get", "--version")) return undefined;
  if (process.getuid?.() === 0) return [];
  return works("sudo", "-n", "true") ? ["sudo", "-n"] : undefined;
}
