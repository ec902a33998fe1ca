import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, parse } from "node:path";
import { findSdk } from "./sdk.ts";

/** A JSON Schema (draft 7) with all its types under `definitions`. */
export interface GeneratedSchema {
  readonly definitions: Readonly<Record<string, unknown>>;
}

/** Where a type stands: in which file of which SDK. */
export interface SdkType {
  readonly sdk: string;
  /** Below the SDK's folder: `resources/messages/messages.d.ts`. */
  readonly file: string;
  readonly type: string;
}

/** Part of the cache's file names; raised when generated schemas change. */
const GENERATION = 1;

/**
 * The JSON Schema of a type of an installed SDK, made from its declarations. It follows the SDK's version without anything of
 * the vendor's being kept here. Takes about a second, then comes from `node_modules/.cache/roomkit-standins`.
 *
 * @throws RoomKitError `missing_dependency`; Error when the type does not exist.
 */
export async function schemaOfType({ sdk, file, type }: SdkType): Promise<GeneratedSchema> {
  const { version, folder } = findSdk(sdk);
  const key = createHash("sha256").update(`${GENERATION} ${sdk}@${version} ${file} ${type}`).digest("hex").slice(0, 16);
  const cached = join(cacheFolder(), `${type}-${key}.json`);
  if (existsSync(cached)) return JSON.parse(readFileSync(cached, "utf8")) as GeneratedSchema;
  const { createGenerator } = await import("ts-json-schema-generator");
  const schema = createGenerator({
    path: join(folder, file),
    type,
    expose: "all",
    topRef: true,
    jsDoc: "none",
    // SDK declarations name types of the DOM that are not loaded here; no schema depends on them.
    skipTypeCheck: true,
  }).createSchema(type) as GeneratedSchema;
  keep(cached, schema);
  return schema;
}

/** The cache of the project that runs: `node_modules` of the working directory or the nearest one above. */
function cacheFolder(): string {
  let folder = process.cwd();
  while (!existsSync(join(folder, "node_modules")) && folder !== parse(folder).root) folder = dirname(folder);
  return join(folder, "node_modules", ".cache", "roomkit-standins");
}

function keep(file: string, schema: GeneratedSchema): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    // Renamed into place: several test workers may write it at once.
    const own = `${file}.${process.pid}`;
    writeFileSync(own, JSON.stringify(schema));
    renameSync(own, file);
  } catch {
    // A folder that cannot be written to costs time, not correctness.
  }
}
