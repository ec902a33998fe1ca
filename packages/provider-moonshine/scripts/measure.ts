/**
 * Measures what the READMEs of this package and of provider-flite say, and prints it as tables:
 *
 *   node --import ./tools/source.mjs --conditions=@roomkit/source packages/provider-moonshine/scripts/measure.ts
 */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { AudioFrame, SttProvider } from "@roomkit/core";
import { fliteTts } from "@roomkit/provider-flite";
import { wordErrorRate, wordErrors } from "@roomkit/testing";
import { framesOf, presentClips, samplesOf, stream } from "../src/clips.fixture.ts";
import { Moonshine } from "../src/engine/moonshine.ts";
import { Speaker } from "../src/flite.fixture.ts";
import { PHRASES } from "../src/phrases.fixture.ts";
import { moonshineStt } from "../src/provider.ts";

const VOICES = ["slt", "rms", "awb", "kal16"];
const speaker = new Speaker();
const { signal } = new AbortController();

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const row = (...cells: readonly (string | number)[]): void => console.log(`| ${cells.join(" | ")} |`);
const head = (title: string, ...cells: string[]): void => {
  console.log(`\n${title}\n`);
  row(...cells);
  row(...cells.map(() => "---"));
};

async function finals(stt: SttProvider, frames: AsyncIterable<AudioFrame>): Promise<string> {
  const texts: string[] = [];
  for await (const part of stt.transcribe(frames, { signal })) if (part.type === "final") texts.push(part.text);
  return texts.join(" ");
}

/** Memory of the worker processes, in MB; Linux only. */
function workerMemory(): number[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ");
  return children
    .filter((pid) => pid !== "" && /worker\.(ts|js)/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8")))
    .map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1000);
}

async function startUp(): Promise<SttProvider> {
  const began = performance.now();
  const stt = moonshineStt({ workers: 1 });
  await stt.warmUp?.();
  head("Start", "what", "value");
  row("warmUp(): process, model, first decode", `${(performance.now() - began).toFixed(0)} ms`);
  return stt;
}

async function accuracy(stt: SttProvider): Promise<void> {
  head("Word error rate", "speech", "clips", "seconds", "words", "WER");
  const measure = async (name: string, clips: readonly (readonly [string, Int16Array])[]): Promise<void> => {
    const pairs: [string, string][] = [];
    for (const [text, samples] of clips) pairs.push([text, await finals(stt, stream(framesOf(samples)))]);
    const seconds = clips.reduce((sum, [, samples]) => sum + samples.length / 16_000, 0);
    const words = pairs.reduce((sum, [text]) => sum + wordErrors(text, "").words, 0);
    row(name, clips.length, seconds.toFixed(0), words, percent(wordErrorRate(pairs)));
  };
  await measure(
    "human (Debian's clips)",
    presentClips().map((clip) => [clip.text, samplesOf(clip)] as const),
  );
  for (const voice of VOICES) {
    const spoken = await Promise.all(PHRASES.map(async (text) => [text, await speaker.say(text, voice)] as const));
    await measure(`Flite ${voice}`, spoken);
  }
}

/** Time on the processor for one decode, by length: on this thread, so that nothing else is counted. */
async function decodeTimes(): Promise<void> {
  const moonshine = await Moonshine.load();
  const long = await speaker.say(PHRASES.join(" "));
  head("One decode", "audio", "CPU", "wall", "tokens");
  for (const seconds of [1, 2, 4, 8, 15]) {
    const samples = long.slice(0, seconds * 16_000);
    await moonshine.decode(samples);
    const cpu: number[] = [];
    const wall: number[] = [];
    let tokens = 0;
    for (let i = 0; i < 7; i++) {
      const [used, began] = [process.cpuUsage(), performance.now()];
      tokens = (await moonshine.decode(samples)).tokens;
      wall.push(performance.now() - began);
      const { user, system } = process.cpuUsage(used);
      cpu.push((user + system) / 1000);
    }
    row(`${seconds} s`, `${median(cpu).toFixed(0)} ms`, `${median(wall).toFixed(0)} ms`, tokens);
  }
}

/** From the end of the audio to the final, with audio that comes in real time and ends after so much quiet. */
async function finalLatency(stt: SttProvider): Promise<void> {
  head("From the end of the audio to the final, in real time", "quiet before the end", "median", "longest");
  for (const after of [0, 200, 400, 600]) {
    const times: number[] = [];
    for (const phrase of PHRASES.slice(0, 8)) {
      let ended = 0;
      async function* live(): AsyncGenerator<AudioFrame> {
        const began = performance.now();
        let sent = 0;
        for (const frame of framesOf(samples, { after })) {
          sent += 20;
          const early = began + sent - performance.now();
          if (early > 0) await pause(early);
          yield frame;
        }
        ended = performance.now();
      }
      // The pause that the voice itself puts after a sentence is not counted.
      const spoken = await speaker.say(phrase);
      const samples = spoken.slice(0, spoken.length - 16 * 140);
      await finals(stt, live());
      times.push(performance.now() - ended);
    }
    row(`${after} ms`, `${median(times).toFixed(0)} ms`, `${Math.max(...times).toFixed(0)} ms`);
  }
}

async function speech(): Promise<void> {
  head("Flite, a worker of its own, per phrase", "voice", "audio", "first audio (median)", "whole phrase (median)");
  const tts = fliteTts({ workers: 1 });
  await tts.warmUp?.();
  for (const voice of VOICES) {
    const first: number[] = [];
    const whole: number[] = [];
    let audio = 0;
    // The first pass is left out: the engine's code is still being optimised then.
    for (const pass of [0, 1]) {
      for (const phrase of PHRASES) {
        async function* once(): AsyncGenerator<string> {
          yield phrase;
        }
        const began = performance.now();
        let heard: number | undefined;
        for await (const part of tts.synthesize(once(), { signal, voice })) {
          if (part.type !== "audio") continue;
          heard ??= performance.now() - began;
          if (pass === 1) audio += 20;
        }
        if (pass === 0) continue;
        first.push(heard ?? 0);
        whole.push(performance.now() - began);
      }
    }
    row(voice, `${(audio / 1000).toFixed(0)} s`, `${median(first).toFixed(0)} ms`, `${median(whole).toFixed(0)} ms`);
  }
  await tts.close?.();
}

const stt = await startUp();
await accuracy(stt);
head("Memory after this", "process", "MB");
for (const mb of workerMemory()) row("worker", mb.toFixed(0));
await decodeTimes();
await finalLatency(stt);
await speech();
await speaker.close();
await stt.close?.();
