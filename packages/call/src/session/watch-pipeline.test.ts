import type { Logger, PipelineStream, VoiceConnection, VoiceSession } from "@roomkit/core";
import { expect, it } from "vitest";
import type { CallRoom } from "../room.ts";
import type { CallerLine } from "./caller-line.ts";
import { watchPipeline } from "./watch-pipeline.ts";

it("an echo is told of each time it is found, and warned of once in a session", () => {
  const listeners = new Map<string, (payload: unknown) => void>();
  const on = (event: string, listener: (payload: unknown) => void) => {
    listeners.set(event, listener);
    return () => listeners.delete(event);
  };
  const [told, warned]: [unknown[], unknown[]] = [[], []];
  const session = { id: "vs_1", roomId: "r" } as VoiceSession;
  const room = {
    logger: { warn: (fields: object) => warned.push(fields) } as unknown as Logger,
    emit: (event: string, payload: object) => told.push([event, payload]),
  } as unknown as CallRoom;
  const stop = watchPipeline({ on } as unknown as PipelineStream, {
    ...{ room, session, line: {} as CallerLine },
    connection: { onPlayed: () => () => {} } as unknown as VoiceConnection,
  });
  const paths = [
    { couplingDb: -12, delayMs: 80 },
    { couplingDb: -20, delayMs: 80 },
  ];
  for (const path of paths) listeners.get("echo-suspected")?.(path);
  expect(told).toEqual(paths.map((path) => ["echo_suspected", { session, ...path }]));
  expect(warned).toEqual([{ session: "vs_1", couplingDb: -12, delayMs: 80 }]);
  stop();
  expect(listeners.size).toBe(0);
});
