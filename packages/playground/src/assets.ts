import { createHash } from "node:crypto";
import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";

/** `Uint8Array<ArrayBuffer>`, in words that TypeScript before 5.7 knows too. */
type Bytes = ReturnType<Uint8ArrayConstructor["of"]>;

/** One file of the built page, in memory. */
export interface Asset {
  readonly body: Bytes;
  /** The same, compressed; absent where that would not make it smaller. */
  readonly gzip: Bytes | undefined;
  readonly type: string;
  readonly etag: string;
  /** Its name changes with its content. */
  readonly hashed: boolean;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wav": "audio/wav",
};

/** Every file below `folder` by its path in URLs. Empty when there is no such folder. */
export function readAssets(folder: string): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    return assets;
  }
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    assets.set(relative(folder, file).split(sep).join("/"), readAsset(file));
  }
  return assets;
}

function readAsset(file: string): Asset {
  const body = Uint8Array.from(readFileSync(file));
  const gzip = Uint8Array.from(gzipSync(body, { level: 9 }));
  return {
    body,
    gzip: gzip.length < body.length * 0.9 ? gzip : undefined,
    type: types[extname(file)] ?? "application/octet-stream",
    etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
    hashed: /[\\/]assets[\\/][^\\/]+-[\w-]{8}\.\w+$/.test(file),
  };
}
