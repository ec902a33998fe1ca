import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { Emitter } from "./emitter.ts";

interface Events {
  readonly said: string;
  readonly error: Error;
}

describe("Emitter", () => {
  it("calls listeners synchronously, in the order they were added", () => {
    const emitter = new Emitter<Events>();
    const heard: string[] = [];
    emitter.on("said", (text) => heard.push(`1 ${text}`));
    emitter.on("said", (text) => heard.push(`2 ${text}`));
    emitter.emit("said", "hello");
    expect(heard).toEqual(["1 hello", "2 hello"]);
  });

  it("ends one subscription, once, and not its twin", () => {
    const emitter = new Emitter<Events>();
    let count = 0;
    const listener = (): number => count++;
    const first = emitter.on("said", listener);
    emitter.on("said", listener);
    first();
    first();
    emitter.emit("said", "");
    expect(count).toBe(1);
    expect(emitter.listenerCount("said")).toBe(1);
  });

  it("reports a listener that throws or rejects, and goes on", async () => {
    const reports: string[] = [];
    const emitter = new Emitter<Events>((error, event) => reports.push(`${event}: ${(error as Error).message}`));
    const heard: string[] = [];
    emitter.on("said", () => {
      throw new Error("thrown");
    });
    emitter.on("said", async () => {
      throw new Error("rejected");
    });
    // biome-ignore lint/suspicious/noThenProperty: a promise of another library
    emitter.on("said", () => ({ then: (_: unknown, fail: (error: Error) => void) => fail(new Error("foreign")) }));
    emitter.on("said", (text) => heard.push(text));
    emitter.emit("said", "on");
    await settle();
    expect(heard).toEqual(["on"]);
    expect(reports.sort()).toEqual(["said: foreign", "said: rejected", "said: thrown"]);
  });

  it("survives a sink that throws itself", () => {
    const emitter = new Emitter<Events>(() => {
      throw new Error("sink");
    });
    let heard = false;
    emitter.on("said", () => {
      throw new Error("listener");
    });
    emitter.on("said", () => {
      heard = true;
    });
    expect(() => emitter.emit("said", "")).not.toThrow();
    expect(heard).toBe(true);
  });

  it("does not die of an error nobody hears", () => {
    expect(() => new Emitter<Events>().emit("error", new Error("alone"))).not.toThrow();
  });

  it("neither calls a listener removed meanwhile nor one added meanwhile", () => {
    const emitter = new Emitter<Events>();
    const heard: string[] = [];
    emitter.on("said", () => {
      remove();
      emitter.on("said", () => heard.push("added"));
    });
    const remove = emitter.on("said", () => heard.push("removed"));
    emitter.emit("said", "");
    expect(heard).toEqual([]);
    emitter.emit("said", "");
    expect(heard).toEqual(["added"]);
  });

  it("counts and clears, also in the middle of an emit", () => {
    const emitter = new Emitter<Events>();
    let heard = 0;
    emitter.on("said", () => emitter.clear());
    emitter.on("said", () => heard++);
    emitter.on("error", () => {});
    expect([emitter.listenerCount("said"), emitter.listenerCount("error"), emitter.listenerCount()]).toEqual([2, 1, 3]);
    emitter.emit("said", "");
    expect([heard, emitter.listenerCount()]).toEqual([0, 0]);
  });
});
