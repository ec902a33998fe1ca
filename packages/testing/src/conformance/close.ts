import { RoomKitError } from "@roomkit/core";
import { settle } from "../settle.ts";
import { ConformanceFailure, check, checkRejects, until, within } from "./case.ts";

/**
 * How long something has been beginning when it is closed: so many promises, then so many turns of the event loop, from none to
 * well under way; and whether it was prepared.
 */
const MOMENTS = [
  ...[0, 2].map((turns) => ({ promises: 0, turns, prepared: false })),
  ...[1, 4].map((promises) => ({ promises, turns: 0, prepared: true })),
  ...[0, 1, 3, 8, 24].map((turns) => ({ promises: 0, turns, prepared: true })),
] as const;

/** Work that is under way when its owner is closed. */
interface OpenWork {
  /** How it ended. Resolves where ending cleanly is right, rejects with the error it ended with. */
  readonly ended: Promise<unknown>;
  /** Checks what it left behind, once it is closed. */
  readonly left?: (() => unknown) | undefined;
  /** Whether its end has been told; for work whose end must have come when `close()` resolves. */
  readonly over?: (() => boolean) | undefined;
}

/** What has a `close()`. */
export interface Closable {
  close?(): Promise<void>;
  warmUp?(): Promise<void>;
}

/** What the cases on `close()` do with what they close. */
export interface CloseSubject<T extends Closable> {
  /** Another one, besides the one each case is given; the case closes it. */
  readonly create: () => T | Promise<T>;
  /** Begins work and resolves when it is under way. */
  readonly begin: (thing: T) => Promise<OpenWork>;
  /**
   * Begins work, to be closed before it is under way. Resolves when it came to its end all the same, or came to be and was over
   * after `closed`.
   */
  readonly beginning: (thing: T, closed: Promise<unknown>) => Promise<unknown>;
  /** Asks for something after the end. */
  readonly late: (thing: T) => Promise<unknown>;
  /** Whether it may still answer after its end. Default false: it must refuse. */
  readonly mayAnswer?: boolean | undefined;
  /** How much there is that must be let go of (connections, processes); 0 when nothing is open. */
  readonly held?: (() => number) | undefined;
  readonly patienceMs: number;
}

/** One requirement, given what is to be closed. The suite closes that once more afterwards. */
export type CloseCase<T> = readonly [name: string, run: (thing: T) => Promise<void>];

/**
 * What every `close()` must do: it may be called again, also at once, whatever is under way; that ends, and nothing comes after.
 * Written in one place for the suites of everything that has one.
 */
export function closeCases<T extends Closable>(subject: CloseSubject<T>): readonly CloseCase<T>[] {
  const { held, patienceMs } = subject;
  const close = async (thing: T): Promise<void> => {
    const closing = Promise.resolve(thing.close?.()).catch((error: unknown) => {
      throw new ConformanceFailure(`close() must not fail, but gave ${String(error)}`);
    });
    await within(closing, patienceMs, "closing, however often and whatever runs,");
  };
  const nothingHeld = async (): Promise<void> => {
    if (!held) return;
    await until(() => held() <= 0, patienceMs, "letting go of all it held");
    await settle(5);
    check(held() === 0, `once closed it holds ${held()}: it must let go of everything, and once`);
  };
  const late = async (thing: T): Promise<void> => {
    const what = "what comes after the end";
    if (subject.mayAnswer) await mayEnd(subject.late(thing), patienceMs, what);
    else await checkRejects(subject.late(thing), "closed", patienceMs, what);
    await mayEnd(Promise.resolve(thing.warmUp?.()), patienceMs, "preparing after the end");
    await nothingHeld();
  };

  const cases: readonly CloseCase<T>[] = [
    [
      "closes as often as it is told to: again does nothing",
      async (thing) => {
        await close(thing);
        await nothingHeld();
        await close(thing);
        await close(thing);
        await nothingHeld();
      },
    ],
    [
      "closes when it is told twice at once: both calls are back when it has ended",
      async (thing) => {
        const work = await subject.begin(thing);
        work.ended.catch(() => {});
        const closing = [close(thing), close(thing)] as const;
        closing[0].catch(() => {});
        await closing[1];
        check(work.over?.() !== false, "the second call was back while the first had not ended what ran");
        await closing[0];
        check(work.over?.() !== false, "closing was done while something still ran");
        await work.left?.();
        await nothingHeld();
      },
    ],
    [
      "ends what runs with `closed` when it is closed, and leaves nothing behind",
      async (thing) => {
        const work = await subject.begin(thing);
        work.ended.catch(() => {});
        await close(thing);
        await mayEnd(work.ended, patienceMs, "what was running");
        await work.left?.();
        await nothingHeld();
      },
    ],
    [
      "ends what has only begun when it is closed, at whichever moment",
      async (unused) => {
        await close(unused);
        for (const { promises, turns, prepared } of MOMENTS) {
          const thing = await subject.create();
          try {
            if (prepared) await within(Promise.resolve(thing.warmUp?.()), patienceMs, "preparing");
            let tellClosed = (): void => {};
            const closed = new Promise<void>((resolve) => {
              tellClosed = resolve;
            });
            const preparing = mayEnd(Promise.resolve(thing.warmUp?.()), patienceMs, "preparing");
            const beginning = mayEnd(
              subject.beginning(thing, closed),
              patienceMs,
              `what had begun ${promises} promises and ${turns} turns before`,
            );
            for (const ending of [preparing, beginning]) ending.catch(() => {});
            for (let i = 0; i < promises; i++) await undefined;
            if (turns > 0) await settle(turns);
            await Promise.all([close(thing), close(thing)]);
            tellClosed();
            await Promise.all([preparing, beginning]);
          } finally {
            await close(thing);
          }
          await nothingHeld();
        }
      },
    ],
    [
      `${subject.mayAnswer ? "answers, or " : ""}refuses with \`closed\`${subject.mayAnswer ? "," : ""} what comes after its end`,
      async (thing) => {
        await close(thing);
        await late(thing);
        await close(thing);
        await late(thing);
      },
    ],
  ];
  return cases.map(([name, run]) => [
    name,
    async (thing) => {
      if (thing.close) await run(thing);
    },
  ]);
}

/** Waits for what may end well, or with `closed`. @throws ConformanceFailure when it ends otherwise; RoomKitError `timeout`. */
async function mayEnd(ending: Promise<unknown>, ms: number, what: string): Promise<void> {
  const outcome = ending.then(
    () => undefined,
    (error: unknown) => error ?? new Error("nothing"),
  );
  const error = await within(outcome, ms, `the end of ${what}`);
  if (error instanceof ConformanceFailure) throw error;
  const found = RoomKitError.is(error) ? error.code : String(error);
  check(error === undefined || found === "closed", `${what} must end with closed, not with ${found}`);
}
