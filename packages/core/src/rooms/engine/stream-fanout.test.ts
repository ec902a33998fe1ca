import { settle, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { RoomKitError } from "../../errors/error.ts";
import { gate, readAll } from "../rig.fixture.ts";
import { StreamFanout } from "./stream-fanout.ts";

/** A source that gives a piece when it is asked and notes everything. */
function source(pieces: readonly string[], failure?: Error): AsyncIterable<string> & { readonly notes: string[] } {
  const notes: string[] = [];
  async function* make(): AsyncGenerator<string> {
    try {
      for (const piece of pieces) {
        notes.push(`asked for ${piece}`);
        yield piece;
      }
      if (failure) throw failure;
      notes.push("ended");
    } finally {
      notes.push("closed");
    }
  }
  return { notes, [Symbol.asyncIterator]: make };
}

function make(text: AsyncIterable<string>, more: { maxChars?: number; onClosed?: () => void } = {}) {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const fanout = new StreamFanout(text, {
    clock,
    signal: controller.signal,
    idleTimeoutMs: 1_000,
    maxChars: 1_000,
    ...more,
  });
  return { clock, controller, fanout };
}

describe("StreamFanout", () => {
  it("gives every reader the whole text, each at its own speed, also one that begins at the end", async () => {
    const { clock, fanout } = make(source(["a", "b", "c"]));
    const slow = (async () => {
      let text = "";
      for await (const piece of fanout.share()) {
        await clock.sleep(100);
        text += piece;
      }
      return text;
    })();
    expect(await readAll(fanout.share())).toBe("abc");
    const late = fanout.share();
    await clock.advance(300);
    expect([await slow, await readAll(late), await readAll(late), late.taken]).toEqual(["abc", "abc", "abc", "abc"]);
  });

  it("asks the source only when the foremost reader wants a piece, and once for all", async () => {
    const text = source(["a", "b", "c"]);
    const { fanout } = make(text);
    const [first, second] = [fanout.share()[Symbol.asyncIterator](), fanout.share()[Symbol.asyncIterator]()];
    await settle();
    expect(text.notes).toEqual([]);
    await Promise.all([first.next(), second.next()]);
    expect(text.notes).toEqual(["asked for a"]);
    await first.next();
    await settle();
    expect(text.notes).toEqual(["asked for a", "asked for b"]);
    expect(fanout.text).toBe("ab");
  });

  it("keeps one source's pieces in order for readers that ask at once", async () => {
    const { fanout } = make(source(["a", "b"]));
    const reader = fanout.share()[Symbol.asyncIterator]();
    const results = await Promise.all([reader.next(), reader.next(), reader.next()]);
    expect(results.map(({ value }) => value)).toEqual(["a", "b", undefined]);
  });

  it("gives the error to every reader after the last piece, and keeps it", async () => {
    const boom = new Error("boom");
    const { fanout } = make(source(["a"], boom));
    for (let n = 0; n < 2; n++) {
      const text = fanout.share();
      await expect(readAll(text)).rejects.toBe(boom);
      expect(text.taken).toBe("a");
    }
    expect([fanout.error, fanout.text]).toEqual([boom, "a"]);
  });

  it("closes the source when told to, once, and readers end with what came", async () => {
    const text = source(["a", "b"]);
    let told = 0;
    const { fanout } = make(text, { onClosed: () => told++ });
    const reader = fanout.share()[Symbol.asyncIterator]();
    await reader.next();
    fanout.close();
    fanout.close();
    await settle();
    expect([text.notes, told, await reader.next(), await readAll(fanout.share()), fanout.error]).toEqual([
      ["asked for a", "closed"],
      1,
      { value: undefined, done: true },
      "a",
      undefined,
    ]);
  });

  it("does not close a source that ended by itself", async () => {
    let told = 0;
    const { fanout } = make(source(["a"]), { onClosed: () => told++ });
    await fanout.drain();
    fanout.close();
    expect([told, fanout.text]).toEqual([0, "a"]);
  });

  it("lets readers go at once when aborted, although the source hangs", async () => {
    const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    const { controller, fanout, clock } = make(never);
    const reading = readAll(fanout.share()).catch((error: RoomKitError) => error.code);
    await settle();
    controller.abort();
    expect([await reading, fanout.error, clock.pendingTimers]).toEqual(["aborted", undefined, 0]);
  });

  it("does not wait for ever for the next piece", async () => {
    const hold = gate();
    const { clock, fanout } = make(
      (async function* () {
        yield "a";
        await hold.promise;
        yield "b";
      })(),
    );
    const reading = readAll(fanout.share()).catch((error: RoomKitError) => error.code);
    await clock.advance(1_000);
    expect([await reading, fanout.text]).toEqual(["timeout", "a"]);
    hold.open();
    await settle();
    expect(fanout.text).toBe("a");
  });

  it("row 61: refuses more text than it may keep, and closes the source", async () => {
    const text = source(["12345", "67890", "x"]);
    const { fanout } = make(text, { maxChars: 9 });
    await expect(readAll(fanout.share())).rejects.toMatchObject({ code: "reply_too_long" });
    await settle();
    expect([fanout.text, text.notes.at(-1)]).toEqual(["12345", "closed"]);
  });

  it("refuses pieces that are no text, and passes over empty ones", async () => {
    const { fanout } = make(source(["", "a", ""]));
    const reader = fanout.share()[Symbol.asyncIterator]();
    expect([await reader.next(), await reader.next()]).toEqual([
      { value: "a", done: false },
      { value: undefined, done: true },
    ]);
    const bad = make(source([7 as never]));
    await expect(readAll(bad.fanout.share())).rejects.toMatchObject({ code: "invalid_reply" });
  });

  it("drains without throwing, whatever happens", async () => {
    const { fanout } = make(source(["a"], new Error("boom")));
    await fanout.drain();
    expect([fanout.text, (fanout.error as Error).message]).toEqual(["a", "boom"]);
  });

  it("does not mind a source whose closing fails", async () => {
    const text = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ value: "a", done: false }),
        return: () => Promise.reject(new Error("no")),
      }),
    };
    const { fanout } = make(text as AsyncIterable<string>);
    await fanout.share()[Symbol.asyncIterator]().next();
    fanout.close();
    await settle();
  });
});
