import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * The Chromium of this machine: `$CHROME_PATH`, or the first of the usual names in `PATH`.
 * @returns {string | undefined}
 */
export function findChromium() {
  const named = process.env.CHROME_PATH;
  if (named) return executable(named) ? named : undefined;
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  for (const name of ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]) {
    const found = folders.map((folder) => join(folder, name)).find(executable);
    if (found) return found;
  }
  return undefined;
}

/**
 * Quiet (no look-ups of its own), able to run as root, and with a microphone that is not there: every test and script that
 * starts a browser passes these.
 */
export const chromiumArguments = Object.freeze([
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
]);

/** @param {string} file */
function executable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
