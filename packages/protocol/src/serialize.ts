import { encodeBase64 } from "./base64.ts";
import type { ClientMessage, V1ClientMessage } from "./messages/client.ts";
import type { ServerMessage } from "./messages/server.ts";

/** A message of a client that speaks v1 alone, as JSON text. */
export function serializeV1ClientMessage(message: V1ClientMessage): string {
  return JSON.stringify(message);
}

/** A client message as JSON text. */
export function serializeClientMessage(message: ClientMessage): string {
  if (message.event === "media") {
    const { audio, ...rest } = message;
    return JSON.stringify({ ...rest, media: { payload: encodeBase64(audio) } });
  }
  if (message.event === "mark") return JSON.stringify({ event: "mark", mark: { name: message.name } });
  return JSON.stringify(message);
}

/** A server message as JSON text. */
export function serializeServerMessage(message: ServerMessage): string {
  if (!("audio" in message) || message.event !== "media") return JSON.stringify(message);
  // Base64 and ids need no escaping: on the frame path, joining text is cheaper than JSON.stringify.
  const sid = message.streamSid === undefined ? "" : `"streamSid":${JSON.stringify(message.streamSid)},`;
  return `{"event":"media",${sid}"media":{"payload":"${encodeBase64(message.audio)}"}}`;
}
