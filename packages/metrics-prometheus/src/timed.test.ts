import { MemoryStore, RoomKit, silentLogger } from "@roomkit/core";
import { storeConformance } from "@roomkit/testing";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { timed } from "./timed.ts";

const counts = async (register: Registry): Promise<string[]> =>
  (await register.metrics()).split("\n").filter((line) => line.startsWith("roomkit_engine_seconds_count"));

describe("a store that is timed", () => {
  it("tells of each operation, also of those that fail, and carries a kit", async () => {
    const register = new Registry();
    const store = timed(new MemoryStore(), { register });
    const kit = new RoomKit({ store, logger: silentLogger });
    const room = await kit.createRoom({ id: "a" });
    await kit.sendEvent(room.id, { content: { type: "text", text: "hello" } });
    await expect(kit.createRoom({ id: "a" })).rejects.toMatchObject({ code: "room_exists" });
    const page = (await counts(register)).join("\n");
    expect(page).toContain('{engine="store",operation="commit",outcome="ok"} 1');
    expect(page).toContain('{engine="store",operation="createRoom",outcome="failed"} 1');
    expect(page).not.toContain("hello");
    await kit.close();
  });

  it("shares its metric with other engines of the register, and is what it was otherwise", async () => {
    const register = new Registry();
    class Engine {
      readonly #secret = 7;
      readonly scope = "process";
      async acquire(): Promise<number> {
        return this.#secret;
      }
      size(): number {
        return this.#secret;
      }
    }
    const engine = timed(new Engine(), { name: "leases", register });
    timed(new MemoryStore(), { register });
    expect([await engine.acquire(), engine.size(), engine.scope]).toEqual([7, 7, "process"]);
    expect(engine.acquire).toBe(engine.acquire);
    expect(engine).toBeInstanceOf(Engine);
    expect(await counts(register)).toEqual([
      'roomkit_engine_seconds_count{engine="leases",operation="acquire",outcome="ok"} 1',
    ]);
  });

  it("refuses what is no object, and what cannot begin a name", () => {
    const refused = expect.objectContaining({ code: "invalid_option" });
    expect(() => timed(null as never)).toThrow(refused);
    expect(() => timed({}, { prefix: "a b" })).toThrow(refused);
  });
});

describe("a timed memory store keeps to the contract", () => {
  const register = new Registry();
  for (const { name, run } of storeConformance({ open: () => timed(new MemoryStore(), { register }) })) it(name, run);
});
