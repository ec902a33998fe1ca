import type { ConnectionMessage } from "@roomkit/core";
import type { CompatServerMessage } from "@roomkit/protocol";

/**
 * A message in the seed's dialect; undefined when that has no word for it. Of transcripts only final ones are told, once.
 *
 * @param speaking tell the speaking state too, as the seed's data channel does.
 */
export function compatMessage(
  message: ConnectionMessage,
  options: { readonly speaking: boolean },
): CompatServerMessage | undefined {
  switch (message.type) {
    case "transcript":
      // A final transcript that is revised (cut to what was heard) was told already.
      if (!message.final || message.heard !== undefined) return undefined;
      return { type: "transcription", data: { role: message.role, text: message.text } };
    case "utterance":
      return options.speaking ? { type: "speaking", speaking: message.phase === "start", who: "assistant" } : undefined;
    default:
      return undefined;
  }
}
