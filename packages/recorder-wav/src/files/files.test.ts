import { spawnSync } from "node:child_process";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RoomKitError } from "@roomkit/core";
import { samplesOfWav, settle } from "@roomkit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RecordingStorage } from "../index.ts";
import { flat, MemoryStorage, open, type Rig, runs, sides } from "../storage.fixture.ts";
import { ByteQueue } from "./byte-queue.ts";
import { defaultName, safeName } from "./names.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "recorder-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Real storages take their time, and virtual time does not wait for them. */
const until = async (what: () => boolean | Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 20_000 && !(await what()); i++) await new Promise((resolve) => setTimeout(resolve, 1));
};

async function speak({ clock, recorder }: Rig, ms: number, value = 100, begin = clock.now()): Promise<void> {
  for (let at = 0; at < ms; at += 20) {
    await clock.advance(20);
    recorder.inbound(flat(value, begin + at));
  }
}

const over = async (rig: Rig): Promise<void> => {
  let ended = false;
  void rig.recorder.recording.ended.then(() => {
    ended = true;
  });
  await until(() => ended);
};

describe("in a directory", () => {
  it("is a file of its owner's, and its directory is made", async () => {
    const rig = open({ storage: join(dir, "a", "b"), sidecar: true });
    rig.recorder.recording.start();
    await speak(rig, 3_000);
    void rig.recorder.recording.stop("done");
    await over(rig);
    const { files } = (await rig.recorder.recording.ended) ?? { files: [] };
    expect(files.map(({ name }) => name)).toEqual(["20250101T000000000Z-vs_1.wav", "20250101T000000000Z-vs_1.json"]);
    expect(await readdir(join(dir, "a", "b"))).toHaveLength(2);
    for (const { name, bytes } of files) {
      const { size, mode } = await stat(join(dir, "a", "b", name));
      expect([size, mode & 0o777]).toEqual([bytes, 0o600]);
    }
    const { left } = sides(await readFile(join(dir, "a", "b", files[0]?.name ?? "")));
    expect(runs(left)).toEqual([[100, 0, 48_000]]);
  });

  it("row 64: touches nothing that is there already, files and links least of all", async () => {
    const name = "20250101T000000000Z-vs_1";
    await writeFile(join(dir, "precious"), "precious");
    await symlink(join(dir, "precious"), join(dir, `${name}.wav`));
    await symlink(join(dir, "nowhere"), join(dir, `${name}-2.wav`));
    const rig = open({ storage: dir });
    rig.recorder.recording.start();
    await speak(rig, 100);
    void rig.recorder.recording.stop("done");
    await over(rig);
    expect((await rig.recorder.recording.ended)?.files[0]?.name).toBe(`${name}-3.wav`);
    expect(await readFile(join(dir, "precious"), "utf8")).toBe("precious");
    expect(await readdir(dir)).not.toContain("nowhere");
  });

  it.each([
    "../../escaped",
    "%2e%2e%2fescaped",
    "..%2f..%2fescaped",
    "..\\..\\escaped",
    "y".repeat(300),
    "/etc/passwd",
    "a\0b",
    "..",
    ".hidden",
    "CON",
    "nul.txt",
    "x".repeat(5_000),
    "ключ/../..",
    "",
  ])("row 64: stays in it when a session is called %j", async (sessionId) => {
    await mkdir(join(dir, "in"));
    for (const name of [undefined, () => sessionId] as const) {
      const rig = open({ storage: join(dir, "in"), ...(name && { name }) });
      rig.recorder.recording.start();
      await speak(rig, 40);
      void rig.recorder.recording.stop("done");
      await over(rig);
    }
    const made = await readdir(join(dir, "in"));
    expect(made).toHaveLength(2);
    for (const file of made) expect(file).toMatch(/^(?!(con|nul)\.)[A-Za-z0-9_][A-Za-z0-9_.-]{0,110}\.wav$/i);
    expect(await readdir(dir)).toEqual(["in"]);
    expect(safeName(defaultName({ sessionId, startedAt: 0 }))).toMatch(/^19700101T000000000Z[-A-Za-z0-9_.]*$/);
  });

  it.skipIf(process.getuid?.() === 0)("row 64: that may not be written to harms nobody", async () => {
    await chmod(dir, 0o500);
    const rig = open({ storage: dir });
    rig.recorder.recording.start();
    await over(rig);
    expect(await rig.recorder.recording.ended).toMatchObject({ reason: "failed", error: { code: "storage_failed" } });
  });

  it("row 64: that is a file harms nobody", async () => {
    await writeFile(join(dir, "file"), "");
    const rig = open({ storage: join(dir, "file") });
    rig.recorder.recording.start();
    await over(rig);
    await speak(rig, 1_000);
    expect(await rig.recorder.recording.ended).toMatchObject({ reason: "failed", files: [] });
    expect(rig.reports.map(({ code }) => code)).toEqual(["storage_failed"]);
  });
});

describe("a file that is cut off", () => {
  const whole = async (appendOnly: boolean): Promise<Uint8Array> => {
    const storage = new MemoryStorage({ appendOnly });
    const rig = open({ storage });
    rig.recorder.recording.start();
    await speak(rig, 4_000, 123);
    await rig.end();
    return storage.file(".wav");
  };
  const sox = spawnSync("sox", ["--version"]).status === 0;

  it.each([
    ["a storage that can go back", false],
    ["one that only appends", true],
  ])("opens at any byte behind its header, in %s", async (_what, appendOnly) => {
    const file = await whole(appendOnly);
    expect(file.length).toBe(44 + 4_000 * 64);
    const size = new DataView(file.buffer).getUint32(40, true);
    expect(size).toBe(appendOnly ? 0x7fff_f000 : file.length - 44);
    for (const length of [44, 45, 46, 47, 48, ...Array.from({ length: 256 }, (_, i) => 1_000 * (i + 1))]) {
      const cut = file.slice(0, length);
      const { samples } = samplesOfWav(cut);
      expect(samples).toHaveLength(Math.floor((length - 44) / 2));
      if (!sox || length % 16_000 !== 0) continue;
      const heard = spawnSync("sox", ["-t", "wav", "-", "-t", "raw", "-"], { input: cut });
      expect([heard.status, heard.stdout.length]).toEqual([0, Math.floor((length - 44) / 4) * 4]);
    }
    for (let length = 0; length < 44; length++)
      expect(() => samplesOfWav(file.slice(0, length)), String(length)).toThrow(RoomKitError);
  });

  it("says while it is written how much of it there is", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage });
    rig.recorder.recording.start();
    for (let i = 0; i < 10; i++) {
      await speak(rig, 1_000, 100, 1_000 * i);
      await settle();
      const file = storage.file(".wav");
      expect(samplesOfWav(file).samples).toHaveLength((file.length - 44) / 2);
    }
    await rig.end();
  });
});

describe("a storage", () => {
  it("that throws as soon as it is asked ends the recording, told once", async () => {
    const storage: RecordingStorage = {
      open() {
        throw new Error("no bucket");
      },
    };
    const rig = open({ storage, sidecar: true });
    rig.recorder.recording.start();
    await settle();
    await speak(rig, 1_000);
    const summary = await rig.end();
    expect(summary).toMatchObject({
      reason: "failed",
      files: [],
      error: { code: "storage_failed", message: "no bucket" },
    });
    expect([...new Set(rig.reports.map(({ code }) => code))]).toEqual(["storage_failed"]);
  });

  it("row 70: that cannot open one file more (EMFILE) ends the recording", async () => {
    const storage = new MemoryStorage();
    storage.before = (call) => {
      if (call === "open") throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
    };
    const rig = open({ storage, layout: "separate", sidecar: true });
    rig.recorder.recording.start();
    await settle();
    await speak(rig, 10_000);
    expect(await rig.end()).toMatchObject({ reason: "failed", files: [], error: { code: "storage_failed" } });
    // One for each file; the pipeline tells each code once.
    expect(rig.reports.map(({ code }) => code)).toEqual(Array(3).fill("storage_failed"));
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("that gives nothing to write to is one that failed", async () => {
    const rig = open({ storage: { open: () => ({}) as never } });
    rig.recorder.recording.start();
    await settle();
    expect(await rig.end()).toMatchObject({ reason: "failed", error: { code: "storage_failed" } });
  });

  it("rows 64 and 70: that is full in mid-call keeps what it has, and is told once", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage });
    rig.recorder.recording.start();
    await speak(rig, 5_000);
    storage.before = (call) => {
      if (call === "write") throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    };
    await speak(rig, 5_000);
    expect(rig.recorder.recording.state).toBe("ended");
    const summary = await rig.end();
    expect(summary).toMatchObject({ reason: "failed", error: { code: "storage_failed" } });
    const { left } = sides(storage.file(".wav"));
    expect(summary.files[0]?.durationMs).toBe(left.length / 16);
    expect(left.length / 16).toBeGreaterThanOrEqual(3_000);
    expect([storage.closed.size, rig.reports.length, rig.clock.pendingTimers]).toEqual([1, 1, 0]);
  });

  it("that is slow for a while leaves silence where it could not keep up, in its place", async () => {
    const storage = new MemoryStorage();
    const rig = open({ storage, maxQueuedMs: 1_000, maxLateMs: 0, storageTimeoutMs: 60_000 });
    rig.recorder.recording.start();
    await speak(rig, 5_000, 1);
    let go = (): void => {};
    const slow = new Promise<void>((resolve) => {
      go = resolve;
    });
    storage.before = () => slow;
    await speak(rig, 15_000, 2, 5_000);
    go();
    await speak(rig, 5_000, 3, 20_000);
    const summary = await rig.end();
    const { left } = sides(storage.file(".wav"));
    expect(left).toHaveLength(25_000 * 16);
    expect(runs(left).map(([value]) => value)).toEqual([1, 2, 3]);
    expect(runs(left).at(-1)).toEqual([3, 20_000 * 16, 25_000 * 16]);
    const silent = left.filter((sample) => sample === 0).length / 16;
    expect(summary.lostMs).toBe(silent);
    expect(silent).toBeGreaterThan(8_000);
    expect(rig.reports.map(({ code }) => code)).toEqual(["recording_gap"]);
  });

  it.each(["open", "write", "close"] as const)(
    "that hangs in %s costs its time, and no more memory than allowed",
    async (hanging) => {
      const storage = new MemoryStorage();
      storage.before = (call) => (call === hanging ? new Promise(() => {}) : undefined);
      const rig = open({ storage, maxQueuedMs: 2_000, sidecar: true });
      rig.recorder.recording.start();
      await speak(rig, 5_000);
      let summary: unknown;
      void rig.recorder.recording.stop("client_closed").then((made) => {
        summary = made;
      });
      await rig.clock.advance(1_999);
      expect(summary).toBeUndefined();
      await rig.clock.advance(1);
      expect(summary).toMatchObject({ reason: "client_closed", error: { code: "storage_timeout" } });
      await rig.clock.advance(60_000);
      expect(rig.clock.pendingTimers).toBe(0);
    },
  );

  it("that hangs for good fails when its time is up", async () => {
    const storage = new MemoryStorage();
    storage.before = () => new Promise(() => {});
    const rig = open({ storage, storageTimeoutMs: 3_000 });
    rig.recorder.recording.start();
    await rig.clock.advance(3_000);
    expect(await rig.end()).toMatchObject({ reason: "failed", error: { code: "storage_timeout" } });
  });

  it("that opens when its time is up has what it gave closed", async () => {
    let closes = 0;
    let late = (_sink: unknown): void => {};
    const storage = { open: () => new Promise<never>((resolve) => (late = resolve as never)) };
    const rig = open({ storage, storageTimeoutMs: 1_000 });
    rig.recorder.recording.start();
    await rig.clock.advance(1_000);
    late({ write() {}, close: () => void closes++ });
    await rig.end();
    expect(closes).toBe(1);
  });

  it("of which one file of two fails keeps the other", async () => {
    const storage = new MemoryStorage();
    storage.before = (call, name) => {
      if (call === "open" && name.includes("outbound")) throw new Error("no");
    };
    const rig = open({ storage, layout: "separate" });
    rig.recorder.recording.start();
    await settle();
    const summary = await rig.end();
    expect(summary).toMatchObject({ reason: "failed", files: [{ channels: ["inbound"] }] });
    expect(storage.closed.size).toBe(1);
  });

  it("whose names are all taken has failed, after a hundred of them", async () => {
    let asked = 0;
    const storage: RecordingStorage = {
      open() {
        asked++;
        throw Object.assign(new Error("taken"), { code: "EEXIST" });
      },
    };
    const rig = open({ storage });
    rig.recorder.recording.start();
    // What fails when the call is over already, is told beside how that ended.
    expect(await rig.end()).toMatchObject({ reason: "client_closed", error: { code: "storage_failed" } });
    expect(asked).toBe(100);
  });
});

describe("an encrypted recording", () => {
  it("can be read by who has the key", async () => {
    const key = randomBytes(32);
    const ivs = new Map<string, Buffer>();
    const storage = new MemoryStorage();
    const cipher = (name: string) => {
      const iv = randomBytes(16);
      ivs.set(name, iv);
      return createCipheriv("aes-256-ctr", key, iv);
    };
    const rig = open({ storage, cipher, sidecar: true });
    rig.recorder.recording.start();
    await speak(rig, 3_000, 77);
    const { files } = await rig.end();
    const plain = files.map(({ name, bytes }) => {
      expect(name).toMatch(/\.(wav|json)\.enc$/);
      const file = storage.files.get(name) as Uint8Array;
      expect(file.length).toBe(bytes);
      expect(() => samplesOfWav(file)).toThrow("not a WAV file");
      const decipher = createDecipheriv("aes-256-ctr", key, ivs.get(name) as Buffer);
      return Buffer.concat([decipher.update(file), decipher.final()]);
    });
    expect(runs(sides(plain[0] as Buffer).left)).toEqual([[77, 0, 48_000]]);
    expect(JSON.parse((plain[1] as Buffer).toString())).toMatchObject({ version: 1, durationMs: 3_000 });
  });

  it.each([
    ["is none", () => undefined],
    [
      "throws",
      () => {
        throw new Error("no key");
      },
    ],
    ["gives nothing", () => ({ update: () => undefined, final: () => undefined })],
  ])("is not written where the cipher %s", async (_what, cipher) => {
    const storage = new MemoryStorage();
    const rig = open({ storage, cipher: cipher as never });
    rig.recorder.recording.start();
    await speak(rig, 3_000);
    expect(await rig.end()).toMatchObject({ reason: "failed", error: { code: "cipher_failed" } });
    for (const file of storage.files.values()) expect(file).toHaveLength(0);
  });
});

describe("what waits for the storage", () => {
  it("is bounded, and stays in its place", () => {
    const queue = new ByteQueue(100);
    for (let i = 1; i <= 30; i++) {
      queue.push(new Uint8Array(10).fill(i));
      queue.zeros(5);
    }
    expect(queue.lost).toBe(200);
    const all: number[] = [];
    for (let bytes = queue.take(); bytes; bytes = queue.take()) all.push(...bytes);
    const expected = Array.from({ length: 30 }, (_, i) => [...Array(10).fill(i < 20 ? 0 : i + 1), ...Array(5).fill(0)]);
    expect(all).toEqual(expected.flat());
    queue.zeros(200_000);
    expect(queue.take()).toHaveLength(65_536);
    expect([queue.clear(), queue.empty]).toEqual([200_000 - 65_536, true]);
  });
});
