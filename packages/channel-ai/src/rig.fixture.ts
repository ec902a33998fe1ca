import type { ChannelReply, RoomEvent } from "@roomkit/core";
import type { Tool } from "@roomkit/tools";
import { AIChannel } from "./ai-channel.ts";
import { FakeHost } from "./fake-room.fixture.ts";
import type { AIChannelOptions } from "./options.ts";
import { call, type Script, ScriptedModel } from "./scripted-model.fixture.ts";

export const ROOM = "room";

/** A channel with a scripted model in a fake room. */
export interface Rig {
  readonly host: FakeHost;
  readonly model: ScriptedModel;
  readonly channel: AIChannel;
  /** The channel's answer to an event, or to what a user says. */
  ask(event: RoomEvent | string, signal?: AbortSignal): Promise<ChannelReply | undefined>;
  /** The text of that answer. */
  text(event?: RoomEvent | string, signal?: AbortSignal): Promise<AsyncIterable<string>>;
  /** What the model was shown of the results of its calls, in its last request: `[text, isError]`. */
  results(): unknown[];
}

export function setUp(scripts: readonly Script[], options: Partial<AIChannelOptions> = {}): Rig {
  const host = new FakeHost();
  const model = new ScriptedModel(host.clock, ...scripts);
  const channel = new AIChannel("ai", { provider: model, ...options });
  channel.register(host);
  const ask: Rig["ask"] = async (event, signal) => {
    const real = typeof event === "string" ? host.user(ROOM, event, { correlationId: "turn_1" }) : event;
    return channel.onEvent(real, host.context(real, signal));
  };
  const text: Rig["text"] = async (event = "hi", signal) => {
    const reply = await ask(event, signal);
    if (!reply?.stream) throw new Error("no reply");
    return reply.stream.text;
  };
  const results = (): unknown[] =>
    (model.requests.at(-1)?.messages ?? []).flatMap((message) =>
      message.role === "tool" ? [[message.content, message.isError ?? false]] : [],
    );
  return { host, model, channel, ask, text, results };
}

/** The same with tools. */
export function setUpTools(
  scripts: readonly Script[],
  tools: readonly Tool[],
  options: Partial<AIChannelOptions> = {},
): Rig {
  return setUp(scripts, { tools, ...options });
}

/** The tool `look`, and a model's call of it. */
export function tool(execute: Tool["execute"], more: Partial<Tool> = {}): Tool {
  return {
    name: "look",
    description: "Looks something up.",
    parameters: { type: "object", properties: { what: { type: "string" } }, required: ["what"] },
    execute,
    ...more,
  };
}

export const look = (what: unknown, id?: string): ReturnType<typeof call> => call("look", { what }, id);
