import { expect, it } from "vitest";
import { quality, worst } from "./quality.ts";

const stats = { transport: "websocket", sentFrames: 0, droppedFrames: 0, underruns: 2, concealedSamples: 0 };

it("is good on a quiet line", () => {
  expect(quality({ ...stats, roundTripMs: 30 }, stats)).toBe("good");
  expect(quality({ transport: "", sentFrames: 0, droppedFrames: 0 }, undefined)).toBe("good");
});

it("is fair when audio ran out or was lost, or the way is long", () => {
  expect(quality({ ...stats, underruns: 3 }, stats)).toBe("fair");
  expect(quality({ ...stats, concealedSamples: 480 }, stats)).toBe("fair");
  expect(quality({ ...stats, roundTripMs: 250 }, stats)).toBe("fair");
});

it("is poor when the network does not keep up", () => {
  expect(quality({ ...stats, droppedFrames: 1 }, stats)).toBe("poor");
  expect(quality({ ...stats, roundTripMs: 900 }, stats)).toBe("poor");
});

it("judges a track by what part of it gets lost", () => {
  const before = { ...stats, receivedPackets: 1_000, lostPackets: 40, lostFrames: 3 };
  const second = (received: number, lost: number): string =>
    quality({ ...before, receivedPackets: 1_000 + received, lostPackets: 40 + lost }, before);
  expect([second(50, 0), second(49, 1), second(45, 5)]).toEqual(["good", "fair", "poor"]);
  // A packet that was given up and came after all.
  expect(second(50, -1)).toBe("good");
  expect(quality({ ...before, lostFrames: 4 }, before)).toBe("fair");
  expect(quality({ ...before, concealedSamples: 960 }, before)).toBe("good");
});

it("is lost while nothing comes, and poor for a while after", () => {
  expect(quality({ ...stats, roundTripMs: 30, quietMs: 750 }, stats)).toBe("lost");
  expect([worst(["good", "lost"]), worst(["lost", "good", "good"])]).toEqual(["lost", "poor"]);
});

it("remembers the worst", () => {
  expect([worst([]), worst(["good", "fair", "good"]), worst(["fair", "poor"])]).toEqual(["good", "fair", "poor"]);
});
