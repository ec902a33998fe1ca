import type { SpeakerEvent } from "../contracts/stage.ts";

/**
 * Makes a function that says of each event whether the speaker has changed with it: another voice is heard, or the one that is heard
 * has another label. What is told of late, of audio before that of another event, changes nothing.
 */
export function speakerChanges(): (event: SpeakerEvent) => boolean {
  let last: { speaker: string; readonly timestamp: number } | undefined;
  return ({ speaker, timestamp, renames }) => {
    if (last && timestamp < last.timestamp) {
      // The label of whoever is heard now may have changed all the same.
      if (renames === undefined || renames !== last.speaker) return false;
      last.speaker = speaker;
      return true;
    }
    const changed = speaker !== last?.speaker;
    last = { speaker, timestamp };
    return changed;
  };
}
