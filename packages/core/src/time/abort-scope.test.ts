import { describe, expect, it } from "vitest";
import { AbortScope } from "./abort-scope.ts";

describe("AbortScope", () => {
  it("aborts everything below, with the reason, and nothing beside or above", () => {
    const root = new AbortScope();
    const left = root.child();
    const right = root.child();
    const leaf = left.child();
    left.abort("why");
    expect([root, left, right, leaf].map((scope) => scope.aborted)).toEqual([false, true, false, true]);
    expect(leaf.signal.reason).toBe("why");
  });

  it("keeps its first reason", () => {
    const scope = new AbortScope();
    scope.abort("first");
    scope.abort("second");
    expect(scope.signal.reason).toBe("first");
  });

  it("is born aborted under an aborted parent or signal", () => {
    const root = new AbortScope();
    expect(root.child(AbortSignal.abort("signal")).signal.reason).toBe("signal");
    root.abort("parent");
    expect(root.child().signal.reason).toBe("parent");
    expect(root.size).toBe(0);
  });

  it("follows signals beside its parent", () => {
    const controller = new AbortController();
    const child = new AbortScope().child(undefined, controller.signal);
    controller.abort("outside");
    expect(child.signal.reason).toBe("outside");
  });

  it("no longer follows once released, and weighs nothing on its parent", () => {
    const root = new AbortScope();
    const controller = new AbortController();
    const children = Array.from({ length: 1_000 }, (_, index) =>
      root.child(index === 0 ? controller.signal : undefined),
    );
    expect(root.size).toBe(1_000);
    for (const child of children) child.release();
    expect(root.size).toBe(0);
    root.abort();
    controller.abort();
    expect(children.some((child) => child.aborted)).toBe(false);
  });

  it("forgets children that abort by themselves", () => {
    const root = new AbortScope();
    root.child().abort();
    expect(root.size).toBe(0);
  });
});
