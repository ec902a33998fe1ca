import { inFrames, quiet } from "@roomkit/testing";
import { webrtcAec } from "./index.ts";

// An application that cancels echo and then has nothing left to do; `open` does not even close.
const format = { sampleRate: 16_000, channels: 1 } as const;
const stage = webrtcAec().open(format);
for (const frame of inFrames(quiet(16_000, 200), format)) {
  stage.reference(frame);
  stage.process(frame);
}
if (process.argv[2] !== "open") stage.close();
