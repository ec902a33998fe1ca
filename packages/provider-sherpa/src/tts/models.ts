import { RoomKitError } from "@roomkit/core";
import { requireModels } from "../native/model-files.ts";

/** A voice model. `...Dir` members are folders, the others files. */
export type VoiceModel =
  /** VITS, among them Piper's voices (`dataDir`: espeak-ng-data). */
  | {
      readonly type: "vits";
      readonly model: string;
      readonly tokens: string;
      readonly lexicon?: string | undefined;
      readonly dataDir?: string | undefined;
    }
  | {
      readonly type: "kokoro";
      readonly model: string;
      readonly voices: string;
      readonly tokens: string;
      readonly dataDir: string;
      readonly lexicon?: string | undefined;
    }
  | {
      readonly type: "matcha";
      readonly acousticModel: string;
      readonly vocoder: string;
      readonly tokens: string;
      readonly dataDir?: string | undefined;
      readonly lexicon?: string | undefined;
    };

const NEEDED: Readonly<Record<VoiceModel["type"], readonly string[]>> = {
  vits: ["model", "tokens"],
  kokoro: ["model", "voices", "tokens", "dataDir"],
  matcha: ["acousticModel", "vocoder", "tokens"],
};

/** @throws RoomKitError `invalid_option` for a type there is not, `model_not_found`, `model_invalid` for its files. */
export function checkVoiceModel(model: VoiceModel): void {
  const { type, ...files } = model;
  if (!Object.hasOwn(NEEDED, type)) {
    throw new RoomKitError("invalid_option", `model.type is one of ${Object.keys(NEEDED).join(", ")}`);
  }
  const given = files as Readonly<Record<string, string | undefined>>;
  const needed = Object.fromEntries(NEEDED[type].map((name) => [name, ""]));
  requireModels(
    Object.fromEntries(Object.entries({ ...needed, ...given }).map(([name, path]) => [`model.${name}`, path])),
  );
}

/** The configuration as the library takes it. */
export function voiceConfig({ type, ...files }: VoiceModel, threads: number): object {
  const given = Object.fromEntries(Object.entries(files).filter(([, path]) => path !== undefined));
  return { model: { [type]: given, numThreads: threads, provider: "cpu", debug: 0 }, maxNumSentences: 1 };
}
