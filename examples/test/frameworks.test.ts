import { expect, it } from "vitest";
import { SdkClient } from "../../apps/demo-server/test/sdk-client.fixture.ts";
import { until as untilWithin } from "../../apps/demo-server/test/speech.fixture.ts";
import { run } from "./program.fixture.ts";

const until: typeof untilWithin = (what, look) => untilWithin(what, look, 60_000);

it.concurrent.each(["express", "fastify", "hono"])("%s: its own routes and calls on one server", async (name) => {
  await run(`${name}.ts`, async ({ url }) => {
    const home = await fetch(url, { redirect: "manual" });
    expect([home.status, home.headers.get("location")]).toEqual([302, "/voice/ui/"]);
    expect((await fetch(`${url}/nowhere`)).status).toBe(404);
    const calls = async (): Promise<{ said?: string }[]> =>
      (await (await fetch(`${url}/calls`)).json()) as { said?: string }[];
    expect(await calls()).toEqual([]);
    const caller = await SdkClient.call(url);
    await until("the greeting", () => caller.lines.some((line) => line.includes("Hello from")));
    caller.client.sendText("What is the capital of France?");
    await until("the answer", () => caller.lines.some((line) => line.includes("Paris")));
    expect(await calls()).toEqual([
      { since: expect.stringMatching(/^\d{4}-/), said: "What is the capital of France?" },
    ]);
    await until("its sound", () => caller.speaker.heard.length > 12_000);
    await caller.hangUp();
    await until("the end of the call", async () => (await calls()).length === 0);
  });
});
