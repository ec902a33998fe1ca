import { RoomKitError } from "@roomkit/core";
import type { OrtModule } from "./tensor.ts";

/**
 * Late, so that importing this package loads no library. The cast hides the name from the compiler, which would look for types, the
 * comments from bundlers, which would look for the library.
 */
export const importNative = (): Promise<unknown> =>
  import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ "onnxruntime-node" as string);

/** The library of `onnxruntime-node`. @throws RoomKitError `missing_dependency`, `engine_failed` */
export async function native(load: () => Promise<unknown>): Promise<OrtModule> {
  let module: { readonly default?: unknown };
  try {
    module = (await load()) as typeof module;
  } catch (cause) {
    const missing = (cause as { code?: unknown } | undefined)?.code === "ERR_MODULE_NOT_FOUND";
    if (missing) {
      throw new RoomKitError("missing_dependency", "install the library beside this package: onnxruntime-node@1.20", {
        cause,
      });
    }
    throw new RoomKitError("engine_failed", "onnxruntime-node could not be loaded", { cause });
  }
  // Node gives a CommonJS package as `default`; loaders that honour its __esModule mark do not.
  const ort = (module.default ?? module) as OrtModule;
  ort.env.logLevel = "fatal";
  return ort;
}
