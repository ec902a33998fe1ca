import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { findChromium } from "../../../scripts/lib/chromium.mjs";

/** What a scenario may need of the machine. */
export type Need = "chromium" | "firefox-esr" | "coturn" | "root" | "iproute2" | "nftables";

/** Why a scenario cannot run here, as words for its title; undefined when it can. */
export function missing(...needs: Need[]): string | undefined {
  const absent = needs.find((need) => !present(need));
  if (absent === undefined) return undefined;
  return absent === "root" ? "skipped: only root makes network namespaces here" : `skipped: needs Debian's ${absent}`;
}

/** Where a program is; undefined when it is not on this machine. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter).filter(Boolean), "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find(executable);
}

function present(need: Need): boolean {
  if (need === "chromium") return findChromium() !== undefined;
  if (need === "root") return mayMakeNamespaces();
  const program = { "firefox-esr": "firefox-esr", coturn: "turnserver", iproute2: "ip", nftables: "nft" }[need];
  return findProgram(program) !== undefined;
}

/** Being root is not enough: containers often may not. */
function mayMakeNamespaces(): boolean {
  if (process.getuid?.() !== 0) return false;
  const ip = findProgram("ip");
  if (ip === undefined) return true; // that is told by its own name
  const name = `rk-probe-${process.pid}`;
  if (spawnSync(ip, ["netns", "add", name], { stdio: "ignore" }).status !== 0) return false;
  return spawnSync(ip, ["netns", "del", name], { stdio: "ignore" }).status === 0;
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
