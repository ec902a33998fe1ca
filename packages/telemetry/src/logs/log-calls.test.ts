import { Writable } from "node:stream";
import type { Logger } from "@roomkit/core";
import { pino } from "pino";
import { expect, it } from "vitest";
import { ToldKit } from "../told.fixture.ts";
import { logCalls } from "./log-calls.ts";

/** Lines as pino writes them. */
function pinoLines(level = "info"): { readonly logger: Logger; readonly lines: () => object[] } {
  let text = "";
  const sink = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const logger = pino({ level, base: null, timestamp: false }, sink);
  const lines = (): object[] => text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
  return { logger, lines };
}

it("one line of JSON for each turn and one for the call, by pino as it is", async () => {
  const told = new ToldKit();
  const { logger, lines } = pinoLines();
  logCalls(told.kit, logger, { clock: told.clock });
  told.start();
  await told.clock.advance(2_000);
  told.said("t1");
  await told.clock.advance(340);
  told.metrics("t1");
  told.tool("t1", true);
  told.fails("tts_error");
  told.reply("t1");
  await told.clock.advance(900);
  told.cut("t1");
  told.metrics("t1", { interrupted: true });
  told.end();
  expect(lines()).toEqual([
    {
      ...{ level: 30, msg: "turn", event: "turn", session: "s1", room: "room", turn: "t1", transport: "fake" },
      ...{ durationMs: 2_500, speechMs: 1_000, replyMs: 600 },
      ...{ endpointMs: 200, sttMs: 60, llmMs: 240, ttsMs: 80, playoutMs: 20 },
      ...{ interrupted: true, playedMs: 900, toolCalls: 1, toolErrors: 1 },
      ...{ ai: "brain", inputTokens: 100, outputTokens: 20, status: "completed", errors: ["vendor_down"] },
    },
    {
      ...{ level: 30, msg: "call ended", event: "call", session: "s1", room: "room", channel: "voice" },
      ...{ transport: "fake", stt: "ears", tts: "mouth", reason: "client_closed", durationMs: 3_240 },
      ...{ turns: 1, interrupted: 1, toolCalls: 1, toolErrors: 1, inputTokens: 100, outputTokens: 20 },
      ...{ errors: 1, lastError: "vendor_down" },
    },
  ]);
  await told.close();
});

it("writes nothing where info is not wanted, and a logger that throws harms nobody", async () => {
  const told = new ToldKit();
  const { logger, lines } = pinoLines("warn");
  logCalls(told.kit, logger, { clock: told.clock });
  const broken = (): never => {
    throw new Error("disk full");
  };
  logCalls(told.kit, { info: broken }, { clock: told.clock });
  told.start("s1");
  told.start("s9");
  told.said("t1");
  await told.close();
  expect(lines()).toEqual([]);
  expect(told.lines.filter(({ event }) => event === "call")).toHaveLength(2);
});
