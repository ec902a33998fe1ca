import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { root } from "../../../tools/docs/markdown.ts";

const { repository: given } = JSON.parse(readFileSync(`${root}packages/core/package.json`, "utf8"));

/** Where the sources can be read; none as long as the packages name none. */
export const repository: string | undefined = given?.url?.replace(/^git\+|\.git$/g, "");

/** The site's address of a page of the repository, without its anchor. */
export function addressOf(file: string): string | undefined {
  const own = /^apps\/docs\/(?!README)(.*?)(?:index)?\.md$/.exec(file);
  if (own) return `/${own[1]}`;
  const [, packageName, decision] = /^packages\/([\w-]+)\/README\.md$|^docs\/decisions\/(.+)\.md$/.exec(file) ?? [];
  if (packageName) return `/reference/${packageName}/`;
  if (decision) return `/reference/decisions/${decision}`;
  return Object.entries(others).find(([, page]) => page === file)?.[0];
}

/** Pages of the repository that are none of a package. */
export const others: Readonly<Record<string, string>> = {
  "/": "README.md",
  "/reference/architecture": "ARCHITECTURE.md",
  "/reference/benchmarks": "apps/bench/README.md",
  "/reference/measured": "docs/benchmarks.md",
  "/reference/contributing": "CONTRIBUTING.md",
  "/reference/demo": "apps/demo-server/README.md",
  "/reference/demo-page": "apps/browser-client/README.md",
  "/reference/threats": "SECURITY.md",
  "/reference/wire-format": "docs/protocol.md",
};

/** A page of the repository as one of the site: its links lead to pages of the site, or to sources where those can be read. */
export function onSite(text: string, file: string): string {
  return text.replace(/(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g, (whole, image, words, target) => {
    if (/^(?:[a-z]+:|#|\/)/.test(target)) return whole;
    const [path = "", anchor] = target.split("#");
    const found = posix.join(posix.dirname(file), path).replace(/\/$/, "");
    const address = addressOf(found) ?? addressOf(`${found}/README.md`);
    if (address) return `[${words}](${address}${anchor ? `#${anchor}` : ""})`;
    return repository && !image ? `[${words}](${repository}/blob/main/${found})` : words;
  });
}
