import { constants } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import type { RecordingSink, RecordingStorage } from "./storage.ts";

/**
 * A directory, made when it is needed. Files are new ones, readable by their owner only; nothing that is there already, a link for instance,
 * is written to.
 */
export function directory(path: string): RecordingStorage {
  return {
    async open(name) {
      await mkdir(path, { recursive: true, mode: 0o700 });
      const { O_CREAT, O_EXCL, O_RDWR } = constants;
      return fileSink(await open(join(path, name), O_CREAT | O_EXCL | O_RDWR, 0o600));
    },
  };
}

function fileSink(file: FileHandle): RecordingSink {
  let end = 0;
  const writeAt = async (bytes: Uint8Array, position: number): Promise<void> => {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at);
      at += bytesWritten;
    }
  };
  return {
    writeAt,
    async write(bytes) {
      await writeAt(bytes, end);
      end += bytes.length;
    },
    close: () => file.close(),
  };
}
