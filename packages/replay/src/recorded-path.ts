import { type AudioFrame, frameDurationMs, type PipelineStream } from "@roomkit/core";
import type { PathEvent } from "./entries.ts";
import { pcmOf } from "./pcm.ts";
import type { CallWriter } from "./writer.ts";

/**
 * A caller's audio path, written down: which frames came, and what was made of them.
 * @param audio the frames' samples, too
 */
export function recordedPath(stream: PipelineStream, writer: CallWriter, audio: boolean): PipelineStream {
  let events: PathEvent[] = [];
  stream.on("frame", ({ frame: { timestamp, ...frame }, speech, speechMs }) => {
    const ms = frameDurationMs({ timestamp, ...frame });
    events.push(speechMs === undefined ? ["frame", timestamp, ms, speech] : ["frame", timestamp, ms, speech, speechMs]);
  });
  stream.on("speech-start", ({ timestamp, preRoll }) =>
    events.push(["start", timestamp, preRoll.reduce((ms, frame) => ms + frameDurationMs(frame), 0)]),
  );
  stream.on("speech-end", ({ timestamp, durationMs }) => events.push(["end", timestamp, durationMs]));
  stream.on("dtmf", ({ durationMs }) => events.push(["dtmf", "0", durationMs]));
  const processInbound = (frame: AudioFrame): void => {
    // A frame that the call puts in while it is being told of another belongs to that one's listeners.
    const outer = events;
    events = [];
    try {
      stream.processInbound(frame);
    } finally {
      const plain =
        events.length === 1 && events[0]?.[0] === "frame" && !events[0][3] && events[0][1] === frame.timestamp;
      const silent = isSilent(frame);
      const own = silent && frameDurationMs(frame) >= OWN_MS;
      writer.add({
        k: "path",
        at: frame.timestamp,
        ms: frameDurationMs(frame),
        ...(own && { own }),
        ...(audio && !silent && { pcm: pcmOf(frame.samples) }),
        ...(!plain && { ev: events }),
      });
      events = outer;
    }
  };
  return new Proxy(stream, {
    get(target, name) {
      if (name === "processInbound") return processInbound;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** What the call puts in where audio failed to come is silence, longer than any transport's frame, ms. */
const OWN_MS = 400;

function isSilent({ samples }: AudioFrame): boolean {
  return samples.every((x) => x === 0);
}
