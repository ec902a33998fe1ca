import { systemClock } from "@roomkit/core";
import { wavRecorder } from "@roomkit/recorder-wav";

// Records made-up audio into the directory it is given, at real pace, until it is killed.
const [storage = ""] = process.argv.slice(2);
const format = { sampleRate: 16_000, channels: 1 } as const;
const recorder = wavRecorder({ storage, layout: "stereo", flushMs: 100 }).open(format, { sessionId: "killed" });
recorder.recording.start();
const samples = new Int16Array(320).fill(1_234);
const begin = systemClock.now();
let at = 0;
setInterval(() => {
  for (; begin + at + 20 <= systemClock.now(); at += 20) {
    recorder.inbound({ samples, ...format, timestamp: at });
    recorder.outbound({ samples, ...format, timestamp: at }, begin + at);
  }
}, 20);
