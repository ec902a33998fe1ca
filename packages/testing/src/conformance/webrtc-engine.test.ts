import { describe, expect, it } from "vitest";
import { ConformanceFailure } from "./case.ts";
import { DEFECTS, type Defect, MemoryNetwork } from "./webrtc-engine.fixture.ts";
import { webrtcEngineConformance } from "./webrtc-engine.ts";

const suite = (defect?: Defect): ReturnType<typeof webrtcEngineConformance> => {
  const network = new MemoryNetwork(defect);
  return webrtcEngineConformance({
    open: () => network.engine(),
    client: () => network.client(),
    held: () => network.sockets.open,
    timeoutMs: 150,
  });
};

describe("webrtcEngineConformance", () => {
  for (const { name, run } of suite()) it(`passes a sound engine: ${name}`, run);

  it.each(Object.entries(DEFECTS))("fails an engine that %s", async (defect, requirement) => {
    const broken = suite(defect as Defect).find(({ name }) => name.includes(requirement));
    await expect(broken?.run()).rejects.toSatisfy(
      (error) => error instanceof ConformanceFailure || (error as { code?: string }).code === "timeout",
    );
  });
});
