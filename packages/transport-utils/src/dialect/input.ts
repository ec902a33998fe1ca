import type { ConnectionInput } from "@roomkit/core";
import type { ClientMessage } from "@roomkit/protocol";

/** What a client's message means to the application; undefined for those that are the transport's own. */
export function connectionInput(message: ClientMessage): ConnectionInput | undefined {
  switch (message.event) {
    case "mute":
      return { type: "mute", muted: message.muted };
    case "text":
      return { type: "text", text: message.text };
    case "interrupt":
      return { type: "interrupt" };
    case "dtmf":
      return { type: "dtmf", digit: message.digit };
    case "data":
      return { type: "data", name: message.name, payload: message.payload };
    default:
      return undefined;
  }
}
