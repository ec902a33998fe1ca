import type { ConnectionMessage } from "@roomkit/core";
import type { CompatServerMessage } from "@roomkit/protocol";

/**
 * A message in the seed's dialect; undefined when that has no word for it. Of transcripts only final ones are told, once: of an
 * answer that was cut off what was heard, for the dialect has no word for the rest.
 *
 * @param speaking tell the speaking state too, as the seed's data channel does.
 */
export function compatMessage(
  message: ConnectionMessage,
  options: { readonly speaking: boolean },
): CompatServerMessage | undefined {
  switch (message.type) {
    case "transcript":
      return message.final ? transcription(message.role, message.heard ?? message.text) : undefined;
    case "utterance":
      return options.speaking ? { type: "speaking", speaking: message.phase === "start", who: "assistant" } : undefined;
    default:
      return undefined;
  }
}

function transcription(role: "user" | "assistant", text: string): CompatServerMessage | undefined {
  return text === "" ? undefined : { type: "transcription", data: { role, text } };
}
