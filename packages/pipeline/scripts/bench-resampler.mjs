// Processor time per 20 ms frame of the compiled resampler: `npx tsc -b && node scripts/bench-resampler.mjs`.
import { createResampler } from "../dist/index.js";

const [warmUp, frames] = [3_000, 20_000];
for (const [from, to] of [
  [48_000, 16_000],
  [16_000, 24_000],
  [24_000, 48_000],
  [16_000, 48_000],
  [24_000, 16_000],
  [8_000, 16_000],
  [16_000, 8_000],
  [44_100, 16_000],
]) {
  const resampler = createResampler(from, to);
  const frame = Int16Array.from({ length: from / 50 }, (_, i) => 10_000 * Math.sin(i * 0.07));
  for (let i = 0; i < warmUp; i++) resampler.process(frame);
  const before = process.cpuUsage();
  for (let i = 0; i < frames; i++) resampler.process(frame);
  const { user, system } = process.cpuUsage(before);
  const us = ((user + system) / frames).toFixed(1);
  console.log(`${from} -> ${to} Hz: ${us} us per 20 ms, delay ${resampler.groupDelayMs.toFixed(2)} ms`);
}
