import { closeSync, openSync, readSync, statSync } from "node:fs";
import { RoomKitError } from "@roomkit/core";

/** No network that can be of use is smaller, in bytes. */
const LEAST_MODEL = 64;

/**
 * Checks that models are there before the native code sees their paths: it ends the process when they are not.
 *
 * @param files options and the paths they name; `undefined` counts as not given
 * @throws RoomKitError `invalid_option` for what is no path, `model_not_found` for what is no readable file (or folder, for options ending
 *   in `Dir`), `model_invalid` for an `.onnx` file that cannot be a network.
 */
export function requireModels(files: Readonly<Record<string, string | undefined>>): void {
  // All of them before the first is looked for.
  for (const [option, path] of Object.entries(files))
    if (path !== undefined && typeof path !== "string")
      throw new RoomKitError("invalid_option", `${option} must be a path, not a ${typeof path}`);
  for (const [option, path] of Object.entries(files)) {
    if (path === undefined) continue;
    const folder = option.endsWith("Dir");
    const found = path !== "" ? statSync(path, { throwIfNoEntry: false }) : undefined;
    if (!found || (folder ? !found.isDirectory() : !found.isFile())) {
      throw new RoomKitError("model_not_found", `${option}: there is no ${folder ? "folder" : "file"} ${path}`, {
        details: { option, path },
      });
    }
    if (!folder && path.endsWith(".onnx")) checkNetwork(option, path, found.size);
  }
}

/** An ONNX file is a protocol buffer whose first field is its version, a small number: 08 0x (ONNX IR, field 1, varint). */
function checkNetwork(option: string, path: string, size: number): void {
  const head = new Uint8Array(2);
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    readSync(file, head, 0, 2, 0);
  } catch (cause) {
    throw new RoomKitError("model_not_found", `${option}: ${path} cannot be read`, {
      cause,
      details: { option, path },
    });
  } finally {
    if (file !== undefined) closeSync(file);
  }
  if (size >= LEAST_MODEL && head[0] === 0x08 && (head[1] as number) >= 1 && (head[1] as number) < 0x20) return;
  throw new RoomKitError("model_invalid", `${option}: ${path} is no ONNX network`, { details: { option, path, size } });
}
