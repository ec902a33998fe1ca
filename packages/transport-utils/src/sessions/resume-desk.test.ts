import { silentLogger } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MediaConnection } from "../connection/media-connection.ts";
import { PacingWheel } from "../pacing/wheel.ts";
import { ResumeDesk, type ResumeDeskOptions, tokenHash } from "./resume-desk.ts";

interface Holder {
  readonly connection: MediaConnection;
  reason: string | undefined;
}

function bench(options: Partial<ResumeDeskOptions> = {}) {
  const clock = new VirtualClock();
  const wheel = PacingWheel.shared(clock);
  const desk = new ResumeDesk<Holder>({ clock, resumeMs: 1_000, maxSuspended: 2, ...options });
  let made = 0;
  const holder = (): Holder => {
    const format = { sampleRate: 24_000, channels: 1 } as const;
    const id = `c${made++}`;
    const connection = new MediaConnection({
      id,
      label: id,
      metadata: {},
      inbound: format,
      outbound: format,
      playback: "reported",
      clock,
      wheel,
      logger: silentLogger,
    });
    const result: Holder = { connection, reason: undefined };
    connection.onClose(({ code, message }) => {
      result.reason = `${code}: ${message}`;
    });
    return result;
  };
  return { clock, desk, holder };
}

describe("ResumeDesk", () => {
  it("gives a connection back to the first who shows its token in time", async () => {
    const { clock, desk, holder } = bench();
    const a = holder();
    const token = desk.issue(a);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(desk.suspend(a)).toBe(true);
    await clock.advance(999);
    expect(desk.find(token)).toBe(a);
    expect(desk.take(token)).toBe(a);
    expect([desk.take(token), desk.find(token), desk.suspended, desk.tokens]).toEqual([undefined, undefined, 0, 0]);
    await clock.advance(10_000);
    expect(a.reason).toBeUndefined();
  });

  it("ends one that nobody comes back to, and knows nothing of it then", async () => {
    const { clock, desk, holder } = bench();
    const a = holder();
    const token = desk.issue(a);
    desk.suspend(a);
    await clock.advance(1_000);
    expect(a.reason).toBe("client_lost: the client did not come back");
    expect([desk.take(token), desk.issue(a), desk.suspend(a)]).toEqual([undefined, "", false]);
    expect([desk.tokens, desk.suspended, clock.pendingTimers]).toEqual([0, 0, 0]);
  });

  it("lost twice, it still waits as long as from the first time", async () => {
    const { clock, desk, holder } = bench();
    const a = holder();
    desk.issue(a);
    desk.suspend(a);
    await clock.advance(600);
    expect(desk.suspend(a)).toBe(true);
    await clock.advance(400);
    expect(a.reason).toContain("did not come back");
    expect(clock.pendingTimers).toBe(0);
  });

  it("keeps the last token only, and none that was used up without a new one", () => {
    const { desk, holder } = bench();
    const a = holder();
    expect(desk.suspend(a)).toBe(false);
    const first = desk.issue(a);
    const second = desk.issue(a);
    expect([desk.find(first), desk.find(second), desk.tokens]).toEqual([undefined, a, 1]);
    desk.take(second);
    expect(desk.suspend(a)).toBe(false);
    expect(a.reason).toBeUndefined();
  });

  it("ends the longest-waiting when too many wait", () => {
    const { desk, holder } = bench();
    const all = [holder(), holder(), holder()];
    for (const one of all) {
      desk.issue(one);
      desk.suspend(one);
    }
    expect(all.map(({ reason }) => reason)).toEqual([
      "client_lost: too many sessions wait to be resumed",
      undefined,
      undefined,
    ]);
    expect(desk.suspended).toBe(2);
  });

  it("takes the token that was shown again until the client is known to have the newest, which may never have reached it", () => {
    const { desk, holder } = bench();
    const a = holder();
    const first = desk.issue(a);
    expect(desk.take(first)).toBe(a);
    const lost = desk.issue(a);
    expect([desk.hashes(a), desk.tokens]).toEqual([[tokenHash(lost), tokenHash(first)], 1]);
    expect(desk.take(first)).toBe(a);
    const newest = desk.issue(a);
    expect([desk.find(lost), desk.find(first), desk.find(newest)]).toEqual([undefined, a, a]);
    desk.confirm(a);
    expect([desk.find(first), desk.find(newest), desk.hashes(a)]).toEqual([undefined, a, [tokenHash(newest)]]);
    desk.take(newest);
    const other = desk.issue(a);
    a.connection.end({ code: "client_closed", message: "over" });
    expect([desk.find(newest), desk.find(other), desk.tokens, desk.hashes(a)]).toEqual([undefined, undefined, 0, []]);
  });

  it("resumes nothing when it is switched off", () => {
    const { desk, holder } = bench({ resumeMs: 0 });
    const a = holder();
    expect([desk.issue(a), desk.suspend(a), desk.tokens]).toEqual(["", false, 0]);
    expect(desk.find("")).toBeUndefined();
  });

  it("holds to its bounds in any order, and forgets all that ended", async () => {
    const step = fc.record({
      op: fc.constantFrom("issue", "suspend", "take", "take an old one", "end", "wait"),
      who: fc.nat({ max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { clock, desk, holder } = bench();
        const all = [holder(), holder(), holder(), holder()];
        const tokens = new Map<Holder, string[]>(all.map((one) => [one, []]));
        for (const { op, who } of steps) {
          const one = all[who] as Holder;
          const given = tokens.get(one) as string[];
          if (op === "issue") {
            given.push(desk.issue(one));
            desk.confirm(one);
          }
          if (op === "suspend" && desk.suspend(one)) expect(given.length).toBeGreaterThan(0);
          if (op === "take" && desk.take(given.at(-1) ?? "")) expect(one.connection.closed).toBe(false);
          if (op === "take an old one" && given.length > 1) expect(desk.take(given[0] as string)).toBeUndefined();
          if (op === "end") one.connection.end({ code: "client_closed", message: "over" });
          if (op === "wait") await clock.advance(400);
          expect(desk.suspended).toBeLessThanOrEqual(2);
          const open = all.filter(({ connection }) => !connection.closed).length;
          expect(Math.max(desk.tokens, desk.suspended)).toBeLessThanOrEqual(open);
        }
        for (const { connection } of all) connection.end({ code: "client_closed", message: "over" });
        expect([desk.tokens, desk.suspended, clock.pendingTimers]).toEqual([0, 0, 0]);
      }),
      { seed: 12, numRuns: 200 },
    );
  });
});
