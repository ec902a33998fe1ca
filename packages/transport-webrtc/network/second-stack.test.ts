import { expect, it } from "vitest";
import { amplitudeAt, join, sine, until } from "../src/testing.fixture.ts";
import { Caller } from "./caller.fixture.ts";
import { startEcho } from "./echo-server.fixture.ts";
import { fromOpus, toOpus } from "./speech.fixture.ts";

it("talks both ways with a client on libdatachannel", async () => {
  const heard: Int16Array[] = [];
  const server = await startEcho({ onFrame: ({ samples }) => heard.push(samples) });
  const caller = new Caller({ url: server.url, bindAddress: "127.0.0.1" });
  try {
    await caller.connect();
    caller.write("over the channel");
    await caller.speak(await toOpus(sine(48_000, 440, 1_600), 48_000));
    await until(() => caller.heard.length >= 70, "the echo");
    const before = join(heard).subarray(12_000, 36_000);
    expect(amplitudeAt(before, 24_000, 440)).toBeGreaterThan(9_000);
    const echo = join(await fromOpus(caller.heard.map(({ payload }) => payload)));
    expect(amplitudeAt(echo.subarray(12_000, 30_000), 24_000, 440)).toBeGreaterThan(8_000);
    expect(amplitudeAt(echo.subarray(12_000, 30_000), 24_000, 660)).toBeLessThan(500);
    expect(caller.messages.map(({ data }) => data?.text)).toEqual(["over the channel"]);
    expect(server.calls[0]?.texts).toEqual(["over the channel"]);
    const audio = (): unknown => server.transport.statsOf(server.calls[0]?.connection.id ?? "")?.audio;
    // The last packet may still be on its way.
    await until(() => (audio() as { received: number }).received === 80, "all of the caller's voice");
    expect(audio()).toMatchObject({ received: 80, lost: 0 });
    caller.close();
    await until(() => server.transport.size === 0, "the end");
    expect(server.calls[0]?.ended?.code).toBe("client_closed");
  } finally {
    caller.close();
    await server.stop();
  }
}, 30_000);
