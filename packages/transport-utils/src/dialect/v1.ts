import type { ConnectionMessage, UtteranceId } from "@roomkit/core";
import type { V1ServerMessage } from "@roomkit/protocol";

/** A message in v1. `numberOf` gives an utterance its wire number; `sinceMs` is the age of the session. */
export function v1Message(
  message: ConnectionMessage,
  context: { readonly numberOf: (utterance: UtteranceId) => number; readonly sinceMs: number },
): V1ServerMessage {
  switch (message.type) {
    case "state":
      return { type: "state", state: message.state, since: Math.round(context.sinceMs) };
    case "utterance":
      return { ...message, id: context.numberOf(message.id) };
    case "interrupted":
      return { ...message, utterance: context.numberOf(message.utterance) };
    default:
      return message;
  }
}
