import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The model, which is not in the repository: where `ROOMKIT_TURN_MODEL` says, or beside the repository. */
const beside = fileURLToPath(new URL("../../../../shared/models/smart-turn-v3.2-cpu.onnx", import.meta.url));
const places = [process.env.ROOMKIT_TURN_MODEL, beside];

/** Its path; undefined when it is in none of those places. */
export const modelPath: string | undefined = places.find((path) => path !== undefined && existsSync(path));

/** What a test that needs it says when it is not there. */
export const MISSING =
  "the end-of-turn model is not on this machine: say where smart-turn-v3.2-cpu.onnx is with ROOMKIT_TURN_MODEL";
