import { expect, it } from "vitest";
import { aiConformance } from "./ai.ts";
import { backendConformance } from "./backend.ts";
import { busConformance } from "./bus.ts";
import { leaseConformance } from "./leases.ts";
import { realtimeConformance } from "./realtime.ts";
import { stageConformance } from "./stage.ts";
import { storeConformance } from "./store.ts";
import { sttConformance } from "./stt.ts";
import { ttsConformance } from "./tts.ts";
import { turnDetectorConformance } from "./turn.ts";
import { vadConformance } from "./vad.ts";
import { webrtcEngineConformance } from "./webrtc-engine.ts";

const create = (): never => {
  throw new Error("nothing is made before a case runs");
};
const one = [{ text: "one", matches: () => true }];

it.each<[suite: (options: never) => unknown, given: unknown, names: string]>([
  ...[aiConformance, realtimeConformance].flatMap((suite): [(options: never) => unknown, unknown, string][] => [
    [suite, {}, "create must"],
    [suite, { create }, "prompts must"],
    [suite, { create, prompts: one }, "prompts must be two, not 1"],
    [suite, { create, prompts: "hi" }, "prompts must"],
  ]),
  [sttConformance, {}, "create must"],
  [sttConformance, { create }, "samples must"],
  [sttConformance, { create, samples: [] }, "samples must be two, not 0"],
  [ttsConformance, {}, "create must"],
  [turnDetectorConformance, { create: {} }, "create must"],
  [vadConformance, {}, "factory must"],
  [vadConformance, { factory: {} }, "format must"],
  [stageConformance, { factory: {}, format: {} }, "gives must"],
  [storeConformance, {}, "open must"],
  [leaseConformance, {}, "open must"],
  [busConformance, {}, "open must"],
  [backendConformance, {}, "open must"],
  [webrtcEngineConformance, { open: create }, "client must"],
  [aiConformance, undefined, "takes an object of options, not undefined"],
])("%o refuses %o and names what is missing", (suite, given, names) => {
  expect(() => suite(given as never)).toThrowError(
    expect.objectContaining({ code: "invalid_option", message: expect.stringMatching(`^${suite.name}:? ${names}`) }),
  );
});
