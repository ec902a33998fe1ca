import { defaultLimits, type MessageLimits } from "../limits.ts";
import type { CompatServerMessage, ServerMediaMessage, ServerMessage } from "../messages/server.ts";
import { payload } from "./client.ts";
import { booleanField, idField, oneOf, stringField } from "./fields.ts";
import { asObject, type Fields } from "./json.ts";
import { attempt, type ParseResult } from "./result.ts";
import { readFields, readV1, roles } from "./v1-server.ts";

/** Reads one text message of a server. Never throws; copies only the fields it knows. */
export function parseServerMessage(text: string, limits: MessageLimits = defaultLimits): ParseResult<ServerMessage> {
  return attempt(() => {
    const fields = readFields(text, limits);
    return readCompat(fields, limits) ?? readV1(fields, limits);
  });
}

/** What compat alone says; undefined for everything else. */
function readCompat(fields: Fields, limits: MessageLimits): CompatServerMessage | ServerMediaMessage | undefined {
  const { event, type } = fields;
  switch (event) {
    case undefined:
      break;
    case "media": {
      const audio = payload(asObject(fields.media, "media"), limits.maxMessageBytes);
      return fields.streamSid === undefined
        ? { event, audio }
        : { event, streamSid: idField(fields, "streamSid"), audio };
    }
    case "pong":
      return { event };
    case "mark": {
      const name = stringField(asObject(fields.mark, "mark"), "name", 128);
      return { event, streamSid: idField(fields, "streamSid"), mark: { name } };
    }
    case "clear":
      return { event, streamSid: idField(fields, "streamSid") };
    default:
      return undefined;
  }
  switch (type) {
    case "transcription": {
      const data = asObject(fields.data, "data");
      return {
        type,
        data: { role: oneOf(data, "role", roles), text: stringField(data, "text", limits.maxMessageBytes) },
      };
    }
    case "clear_audio":
      return { type };
    case "speaking":
      return { type, speaking: booleanField(fields, "speaking"), who: oneOf(fields, "who", roles) };
    default:
      return undefined;
  }
}
