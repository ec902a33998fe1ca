import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CallerLab } from "./lab.ts";
import { pictureOf } from "./picture.ts";

/**
 * Writes a call's picture (`<name>.svg`) and trace (`<name>.jsonl`) into a folder, which is made; gives the picture's path. They have every
 * word that was said.
 *
 * @throws what the file system says
 */
export async function saveCall(lab: CallerLab, folder: string, name: string): Promise<string> {
  const file = join(folder, name.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 80));
  await mkdir(folder, { recursive: true });
  await writeFile(`${file}.svg`, pictureOf(lab, name));
  await writeFile(`${file}.jsonl`, lab.trace.toString());
  return `${file}.svg`;
}

/** Runs what a test expects of a call; when that fails, the call's picture and trace are written and the failure says where they are. */
export async function withPicture<T>(
  lab: CallerLab,
  { folder, name }: { readonly folder: string; readonly name: string },
  expectations: () => T | Promise<T>,
): Promise<T> {
  try {
    return await expectations();
  } catch (error) {
    const file = await saveCall(lab, folder, name);
    if (error instanceof Error) error.message += `\nthe call: ${file}`;
    throw error;
  }
}
