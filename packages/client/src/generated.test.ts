import { expect, it } from "vitest";
import { bundleWorklets, readGenerated } from "../scripts/bundle-worklets.mjs";

it("src/generated/worklets.ts is what src/worklets bundles to", async () => {
  const upToDate = readGenerated() === (await bundleWorklets());
  expect(upToDate, "run `npm run build:worklets` in packages/client").toBe(true);
});
