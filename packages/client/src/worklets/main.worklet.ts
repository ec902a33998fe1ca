// What runs on the audio thread, bundled into src/generated/worklets.ts by scripts/build-worklets.mjs.
import { CaptureProcessor } from "./capture.worklet.ts";
import { CAPTURE_PROCESSOR, PLAYBACK_PROCESSOR } from "./messages.ts";
import { PlaybackProcessor } from "./playback.worklet.ts";
import { scope } from "./scope.ts";

scope.registerProcessor(CAPTURE_PROCESSOR, CaptureProcessor);
scope.registerProcessor(PLAYBACK_PROCESSOR, PlaybackProcessor);
