import { assertOptions, RoomKitError } from "@roomkit/core";
import { ToolSet } from "@roomkit/tools";
import type { RealtimeSettings } from "./options.ts";
import type { Assistant } from "./session/assistants.ts";

/**
 * Who a channel's sessions may become beside what they begin as; what one does not say itself is as in the first.
 *
 * @throws RoomKitError `invalid_option`.
 */
export function otherAssistants(
  channelId: string,
  { assistants = {}, voice: own }: RealtimeSettings,
): (first: Assistant["config"]) => [string, Assistant][] {
  const others = Object.entries(assistants).map(([name, assistant]) => {
    const fail = (why: string): never => {
      throw new RoomKitError("invalid_option", `RealtimeVoiceChannel: assistants.${name}: ${why}`);
    };
    if (name === channelId) fail("this is the name of the channel itself");
    assertOptions(`RealtimeVoiceChannel: assistants.${name}`, assistant, {
      required: ["systemPrompt"],
      string: ["systemPrompt", "voice"],
      objects: ["tools"],
    });
    const { systemPrompt: instructions, voice, tools = [] } = assistant;
    if (voice !== undefined && own === undefined) fail("a voice of its own needs the channel to name one, too");
    return { name, instructions, voice, tools: new ToolSet(tools) };
  });
  return (first) =>
    others.map(({ name, instructions, voice = first.voice, tools }) => [
      name,
      { config: { ...first, instructions, voice }, tools },
    ]);
}
