import { parentPort } from "node:worker_threads";
import { type AudioFrame, assertStageOutput, type EchoCanceller, type StageFactory } from "@roomkit/core";
import { follow, toWire } from "@roomkit/worker-pool";
import type { LaneAnswer, LaneRequest, OpenLane } from "./messages.ts";

/** Factories, made once however many lanes use them: what they share stays shared. */
const factories = new Map<string, Promise<StageFactory<EchoCanceller>>>();

function factoryOf({ recipe }: OpenLane): Promise<StageFactory<EchoCanceller>> {
  const key = JSON.stringify(recipe);
  const known = factories.get(key) ?? follow<StageFactory<EchoCanceller>>(recipe);
  factories.set(key, known);
  return known;
}

parentPort?.on("message", (lane: OpenLane) => void serve(lane));

async function serve(lane: OpenLane): Promise<void> {
  const { port, format, sessionId } = lane;
  const answer = (message: LaneAnswer): void => port.postMessage(message);
  const report = (error: unknown): void => answer({ error: toWire(error, "stage_failed") });
  try {
    const factory = await factoryOf(lane);
    listen(lane, factory.open(format, { sessionId, report }), answer);
  } catch (error) {
    answer({ id: -1, error: toWire(error, "worker_failed") });
  }
}

function listen(
  { port, format: { sampleRate } }: OpenLane,
  stage: EchoCanceller,
  answer: (message: LaneAnswer) => void,
): void {
  port.on("message", (request: LaneRequest) => {
    if (request.type === "reset") stage.reset();
    else if (request.type === "reference") stage.reference(request.frame);
    else answer(worked(stage, request, sampleRate));
  });
  port.on("close", () => stage.close());
}

function worked(
  stage: EchoCanceller,
  { id, frame }: { readonly id: number; readonly frame: AudioFrame },
  sampleRate: number,
): LaneAnswer {
  try {
    const out = stage.process(frame);
    assertStageOutput(out, sampleRate);
    return { id, frame: out };
  } catch (error) {
    return { id, error: toWire(error, "stage_failed") };
  }
}
