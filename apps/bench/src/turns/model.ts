import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The end-of-turn model: where `ROOMKIT_TURN_MODEL` says, or beside the repository; undefined when it is in neither place. */
export function turnModel(): string | undefined {
  const beside = fileURLToPath(new URL("../../../../../shared/models/smart-turn-v3.2-cpu.onnx", import.meta.url));
  return [process.env.ROOMKIT_TURN_MODEL, beside].find((path) => path !== undefined && existsSync(path));
}
