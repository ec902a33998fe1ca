import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** Folder names of the packages. */
export const packages: readonly string[] = readdirSync(`${root}packages`).filter((name) =>
  existsSync(`${root}packages/${name}/src/index.ts`),
);

/** Files of a folder and below it, relative to the root. */
const under = (folder: string): string[] =>
  readdirSync(root + folder, { recursive: true, encoding: "utf8" }).map(
    (name) => `${folder}/${name.replaceAll("\\", "/")}`,
  );

/** The pages of the site that are written by hand. */
export const sitePages: readonly string[] = readdirSync(`${root}apps/docs`, { withFileTypes: true })
  .flatMap((entry) => (entry.isDirectory() ? pagesIn(`apps/docs/${entry.name}`) : [`apps/docs/${entry.name}`]))
  .filter((file) => file.endsWith(".md"));

function pagesIn(folder: string): string[] {
  return /\/(?:node_modules|reference|dist|\.vitepress)$/.test(folder) ? [] : under(folder);
}

/** The other pages that people read. */
export const readmes: readonly string[] = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...packages.map((name) => `packages/${name}/README.md`),
  ...readdirSync(`${root}apps`).map((name) => `apps/${name}/README.md`),
  ...(existsSync(`${root}examples`) ? ["examples/README.md"] : []),
  ...under("docs").filter((file) => file.endsWith(".md")),
].filter((file) => existsSync(root + file));

export const read = (file: string): string => readFileSync(root + file, "utf8");

/** A heading's anchor, as GitHub makes it. */
export function slug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, "")
    .replaceAll(" ", "-");
}

/** A page without its code: blocks and spans are blank, lines stay where they were. */
export function prose(page: string): string {
  const blank = (code: string): string => code.replace(/[^\n]/g, " ");
  return page
    .replace(/^([ \t]*)(`{3,})[^\n]*\n[\s\S]*?^\1\2/gm, blank)
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(/(`+)(?!`)[^\n]*?[^`\n]\1(?!`)/g, blank);
}

/** What a link may lead to on a page. */
export function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  const withoutBlocks = page.replace(/^([ \t]*)(`{3,})[^\n]*\n[\s\S]*?^\1\2/gm, "");
  for (const [, heading = ""] of withoutBlocks.matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const name = slug(heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1"));
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    anchors.add(before === 0 ? name : `${name}-${before}`);
  }
  return anchors;
}

/** Where the links and pictures of a page lead to. */
export function linksOf(page: string): string[] {
  const text = prose(page);
  const inline = [...text.matchAll(/\]\(\s*<?([^)\s>]+)/g)];
  const html = [...text.matchAll(/\b(?:href|src|srcset)="([^"]+)"/g)];
  // Of the front page of the site.
  const matter = [...(/^---\n([\s\S]*?)\n---/.exec(page)?.[1] ?? "").matchAll(/\b(?:link|src|light|dark): *(\S+)/g)];
  return [...inline, ...html, ...matter].map(([, target = ""]) => target);
}
