import { RoomKitError } from "@roomkit/core";
import type { AiSdkModel } from "./models.ts";

const KNOWN = new Set(["v2", "v3", "v4"]);

/** @throws RoomKitError `unsupported_model` for what is no model, or of a specification version this adapter does not know. */
export function checkModel(model: AiSdkModel, method: "doStream" | "doGenerate"): void {
  const fits = typeof model === "object" && model !== null && typeof (model as never)[method] === "function";
  if (!fits)
    throw new RoomKitError(
      "unsupported_model",
      `an AI SDK model with ${method} is needed, such as openai("...") gives`,
    );
  if (KNOWN.has(model.specificationVersion)) return;
  throw new RoomKitError(
    "unsupported_model",
    `${model.provider} ${model.modelId} has specification ${model.specificationVersion}; v2, v3 and v4 are known`,
  );
}
