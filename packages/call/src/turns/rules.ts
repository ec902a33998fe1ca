import type { CallSettings } from "../options.ts";
import type { OwnWords } from "../speech/own-words.ts";
import { backchannelsOf } from "./backchannels.ts";
import { isCommand } from "./commands.ts";
import type { TurnRules } from "./state.ts";

/** Pieces of speech kept while the assistant may not be interrupted. */
const MAX_HELD_PIECES = 8;

/** The rules of a call. @param failed told what an application's `isBackchannel` throws */
export function rulesOf(settings: CallSettings, ownWords: OwnWords, failed: (error: unknown) => void): TurnRules {
  return {
    ...settings,
    isBackchannel: backchannelsOf(settings.isBackchannel, settings.language, failed),
    maxHeldPieces: MAX_HELD_PIECES,
    isCommand: ({ text, ...heard }) => isCommand(text, settings.language, heard),
    isEcho: (text) => ownWords.isEcho(text),
  };
}
