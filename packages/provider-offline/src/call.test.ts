import { AIChannel, defineTool } from "@roomkit/channel-ai";
import { type Channel, type ChannelHost, type RoomEvent, RoomKit, silentLogger } from "@roomkit/core";
import { seededRandom, VirtualClock } from "@roomkit/testing";
import { expect, it } from "vitest";
import { fullForms, NOW } from "./caller.fixture.ts";
import { offlineAI } from "./offline-ai.ts";

/** Somebody who types, and reads answers whole. */
class Person implements Channel {
  readonly id = "person";
  readonly kind = "test";
  readonly category = "transport";
  readonly answers: string[] = [];

  register(_host: ChannelHost): void {}

  async deliver({ content }: RoomEvent): Promise<void> {
    if (content.type === "text") this.answers.push(fullForms(content.text));
  }

  async close(): Promise<void> {}
}

it("holds a conversation in a room, tools included, and each room has its own", async () => {
  const clock = new VirtualClock({ wallTime: NOW });
  const kit = new RoomKit({ clock, logger: silentLogger });
  const ran: unknown[] = [];
  const weather = defineTool({
    name: "get_weather",
    description: "The weather in a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    execute: ({ city }, { roomId }) => {
      ran.push([roomId, city]);
      return { temperature_c: 21, condition: "sunny" };
    },
  });
  const person = new Person();
  kit.registerChannel(person);
  kit.registerChannel(
    new AIChannel("ai", { provider: offlineAI({ clock, timeZone: "UTC", random: seededRandom(5) }), tools: [weather] }),
  );
  for (const id of ["one", "two"]) {
    await kit.createRoom({ id });
    await kit.attachChannel(id, "person");
    await kit.attachChannel(id, "ai");
  }
  const say = async (roomId: string, text: string): Promise<string> => {
    await kit.processInbound({ roomId, channelId: "person", content: { type: "text", text } });
    return person.answers.at(-1) ?? "";
  };
  expect(await say("one", "hello my name is ada")).toMatch(/Ada/);
  expect(await say("two", "what is my name")).toMatch(/not told|do not know/);
  expect(await say("one", "what's the weather")).toBe("For which city?");
  expect(await say("two", "oslo")).not.toMatch(/sunny/);
  expect(await say("one", "in oslo")).toMatch(
    /\. The temperature is twenty one degrees Celsius, and the condition is sunny\.$/,
  );
  expect(await say("one", "and in rome")).toMatch(/sunny/);
  expect(ran).toEqual([
    ["one", "Oslo"],
    ["one", "Rome"],
  ]);
  expect(await say("one", "what time is it")).toMatch(/one twenty five in the afternoon/);
  expect(await say("one", "what did we talk about")).toMatch(/your name is Ada/);
  expect(await say("one", "what is my name")).toMatch(/Ada/);
  await kit.close();
});
