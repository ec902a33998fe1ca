import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { seededRandom } from "@roomkit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Histogram, merged, percentileOf } from "./bins.ts";
import { heardIn, Messages } from "./caller-wire.ts";
import { type LoadClient, openLoadClient } from "./load-client.ts";
import { slope } from "./memory.ts";
import { bareServer, type EchoServer } from "./servers.ts";

let server: EchoServer;
beforeAll(async () => {
  server = await bareServer();
});
afterAll(() => server.close());

/** Undefined where it cannot be made: there is no compiler, or another system. */
function compiled(): LoadClient | undefined {
  try {
    return openLoadClient("c", false);
  } catch {
    return undefined;
  }
}

describe.each(["c", "node"])("the load client %s", (kind) => {
  let load: LoadClient | undefined;
  beforeAll(() => {
    load = kind === "c" ? compiled() : openLoadClient(kind, false);
  });
  afterAll(() => load?.close());

  it("hears each of its sounds again, and nothing else", async ({ skip }) => {
    if (!load) return skip();
    await load.connect(server.url, 5);
    const { sent, received, soundsHeard, garbled, open, delays, lateness, cpuMs, driftMs } = await load.measure(1_700);
    await load.hangUp();
    expect(open).toBe(5);
    expect(sent).toBeGreaterThan(0);
    expect(received).toBeGreaterThan(0);
    expect(soundsHeard).toBeGreaterThan(0);
    expect(garbled).toBe(0);
    expect(lateness.reduce((sum, [, count]) => sum + count, 0)).toBe(received);
    // Of each sound all frames but the first, whose number is only half known then.
    expect(delays.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThanOrEqual(soundsHeard);
    expect(cpuMs).toBeGreaterThan(0);
    expect(driftMs).toBeGreaterThanOrEqual(0);
  });

  it("makes short calls, each to its end", async ({ skip }) => {
    if (!load) return skip();
    expect(await load.storm(server.url, 30, 4, true)).toMatchObject({ over: 30, failed: 0 });
    expect(await load.storm(server.url, 30, 4, false)).toMatchObject({ over: 30, failed: 0 });
  });

  it("says so when nobody is let in", async ({ skip }) => {
    if (!load) return skip();
    const closed = createServer().on("upgrade", (_request, socket) => {
      socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n");
    });
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const url = `ws://127.0.0.1:${(closed.address() as AddressInfo).port}/`;
    await expect(load.connect(url, 3)).rejects.toThrow(/not let in/);
    await load.hangUp();
    expect(await load.storm(url, 5, 2, true)).toMatchObject({ over: 0, failed: 5 });
    closed.close();
  });
});

it("takes no client that there is not", () => {
  expect(() => openLoadClient("rust", false)).toThrow(/--client must be/);
});

describe("what a server sends", () => {
  const message = (text: string): Buffer => {
    const body = Buffer.from(text);
    const head = body.length < 126 ? [0x81, body.length] : [0x81, 126, body.length >> 8, body.length & 255];
    return Buffer.concat([Buffer.from(head), body]);
  };
  const payload = Buffer.alloc(160, 0xa7).toString("base64");
  const texts = ['{"event":"ready"}', `{"event":"media","media":{"payload":"${payload}"}}`, "{}", "x".repeat(3_000)];

  it("is the same however it is cut", () => {
    const random = seededRandom(14);
    const stream = Buffer.concat(Array.from({ length: 20 }, () => texts.map(message)).flat());
    const expected = Array.from({ length: 20 }, () => texts).flat();
    for (let round = 0; round < 50; round++) {
      const heard: string[] = [];
      const messages = new Messages((_opcode, body) => heard.push(String(body)));
      for (let at = 0; at < stream.length; ) {
        const size = 1 + Math.floor(random() * (round % 2 ? 7 : 2_000));
        messages.push(stream.subarray(at, at + size));
        at += size;
      }
      expect(heard).toEqual(expected);
    }
  });

  it.each([
    ["no audio", '{"event":"ready"}', undefined],
    [
      "a sound",
      `{"media":{"payload":"${Buffer.alloc(160, ~0xb8 & 0xff).toString("base64")}"}}`,
      { samples: 160, digit: 1 },
    ],
    ["silence", `{"media":{"payload":"${Buffer.alloc(161, 0xff).toString("base64")}"}}`, { samples: 161 }],
    ["an end that is missing", '{"media":{"payload":"AAAAAAAAAAAA', undefined],
    ["too little", '{"media":{"payload":"AAAA"}}', undefined],
  ])("%s", (_name, text, heard) => {
    expect(heardIn(Buffer.from(text))).toEqual(heard);
  });

  it("of more than it may have is an error", () => {
    expect(() => new Messages(() => {}).push(Buffer.from([0x81, 127, 0, 0]))).toThrow(/64 KiB/);
  });
});

describe("times in tenths of a millisecond", () => {
  it("have percentiles by the nearest rank", () => {
    const histogram = new Histogram();
    for (const ms of [0, 1.01, 1.1, 5_000]) histogram.add(ms);
    expect(histogram.bins()).toEqual([
      [1, 1],
      [11, 2],
      [20_000, 1],
    ]);
    expect([0, 0.5, 0.75, 1].map((share) => percentileOf(histogram.bins(), share))).toEqual([0.1, 1.1, 1.1, 2_000]);
    expect(percentileOf([], 0.5)).toBeNaN();
  });

  it("of several clients are added up", () => {
    expect(
      merged([
        [[3, 1]],
        [],
        [
          [3, 2],
          [1, 1],
        ],
      ]),
    ).toEqual([
      [1, 1],
      [3, 3],
    ]);
  });
});

it("finds what grows, and leaves the beginning out", () => {
  expect(
    slope([
      [0, 99],
      [10, 20],
      [20, 40],
      [30, 60],
    ]),
  ).toBeCloseTo(2);
});
