import { RoomKitError } from "@roomkit/core";
import { expect, it, vi } from "vitest";
import { sharedEngine } from "./engine.ts";
import { readModel } from "./model-file.ts";

vi.mock(import("./model-file.ts"), async (original) => {
  const { readModel: read } = await original();
  return { readModel: vi.fn(read) };
});

it("a failure to load is not remembered, and says what it was", async () => {
  vi.mocked(readModel).mockRejectedValueOnce(new RoomKitError("model_not_found", "made to fail"));
  await expect(sharedEngine()).rejects.toMatchObject({ code: "model_not_found" });
  vi.mocked(readModel).mockResolvedValueOnce(Uint8Array.of(1, 2, 3));
  await expect(sharedEngine()).rejects.toMatchObject({ code: "model_load_failed", cause: expect.any(Error) });
  const engine = await sharedEngine();
  expect(await sharedEngine()).toBe(engine);
  expect(readModel).toHaveBeenCalledTimes(3);
});
