// npm run build:worklets: brings src/generated/worklets.ts up to date with src/worklets.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { bundleWorklets, generatedFile } from "./bundle-worklets.mjs";

mkdirSync(dirname(generatedFile), { recursive: true });
writeFileSync(generatedFile, await bundleWorklets());
