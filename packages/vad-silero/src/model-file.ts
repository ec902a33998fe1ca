import { readFile } from "node:fs/promises";
import { RoomKitError } from "@roomkit/core";

const fileName = "silero_vad_v5.onnx";

/**
 * The weights: those in the package's own `model/` folder, which every published package has, or in the repository those of the
 * package they are copied from.
 *
 * @param here a module of the package, one folder below its root.
 * @throws RoomKitError `model_not_found` when they are in neither place.
 */
export async function readModel(here: string = import.meta.url): Promise<Uint8Array> {
  let missing: unknown;
  for (const folder of ["../model/", "../node_modules/@ricky0123/vad-web/dist/"]) {
    try {
      return await readFile(new URL(folder + fileName, here));
    } catch (error) {
      missing ??= error;
    }
  }
  throw new RoomKitError(
    "model_not_found",
    `${fileName} is not in the package; if that was put into a bundle, leave it out (external)`,
    {
      cause: missing,
    },
  );
}
