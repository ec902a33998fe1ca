// npm run api: writes what each package exports to packages/*/api.md.
import { writeFileSync } from "node:fs";
import { root } from "../../scripts/lib/run.mjs";
import { apiReport, packagesOf, reportFile } from "./api-report.ts";

for (const name of packagesOf(root)) writeFileSync(reportFile(root, name), apiReport(root, name));
