import { describe, expect, it } from "vitest";
import { AIChannel } from "./ai-channel.ts";
import { FakeHost, read } from "./fake-room.fixture.ts";
import { call, callsDone, done, ScriptedModel, say } from "./scripted-model.fixture.ts";

describe("many rooms", () => {
  it("shows nothing of one room in another", async () => {
    const host = new FakeHost();
    const rooms = Array.from({ length: 20 }, (_, index) => `room${index}`);
    const secret = (room: string): string => `secret of ${room}.`;
    // The model repeats all it can see, slowly, so that the replies interleave; a tool shows what its context says.
    const model = new ScriptedModel(host.clock, (request) => {
      const seen = JSON.stringify([request.system, request.messages]);
      const room = /Room (\w+)/.exec(request.system ?? "")?.[1] ?? "";
      const wait = { wait: 1 + (Number(room.slice(4)) % 7) };
      if (request.messages.at(-1)?.role === "user")
        return [wait, ...say(`[${room}]`), call("where", { room }, "same_id"), callsDone];
      return [wait, ...say(seen.slice(0, 40)), wait, ...say(seen), done];
    });
    const channel = new AIChannel("ai", {
      provider: model,
      system: ({ room }) => `Room ${room.id}!`,
      tools: [
        {
          name: "where",
          description: "",
          parameters: { type: "object" },
          execute: async (_args, { roomId, signal }) => {
            await host.clock.sleep(3, signal);
            return secret(roomId);
          },
        },
      ],
    });
    channel.register(host);
    for (const room of rooms) host.assistant(room, secret(room));
    const replies = Promise.all(
      rooms.map(async (room) => {
        const event = host.user(room, `I am in ${room}.`);
        const reply = await channel.onEvent(event, host.context(event));
        return read(reply?.stream?.text as AsyncIterable<string>);
      }),
    );
    await host.clock.advance(100);
    const texts = await replies;
    for (const [index, room] of rooms.entries()) {
      const mentioned = new Set(texts[index]?.match(/room\d+/g));
      expect([...mentioned]).toEqual([room]);
      const logged = new Set(JSON.stringify(host.log(room).map((event) => event.content)).match(/room\d+/g));
      expect([...logged]).toEqual([room]);
      expect(host.log(room).map((event) => event.content.type)).toEqual(["text", "text", "tool-call", "tool-result"]);
    }
    expect([model.open, channel.activeReplies, host.clock.pendingTimers]).toEqual([0, 0, 0]);
  });
});
