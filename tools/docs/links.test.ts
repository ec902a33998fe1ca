import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { packageGroups, sections } from "../../apps/docs/.vitepress/navigation.ts";
import { addressOf, onSite, others } from "../../apps/docs/scripts/site.ts";
import { anchorsOf, linksOf, packages, prose, read, readmes, root, sitePages } from "./markdown.ts";

const LONGEST_CELL = 250;
const SITE = "apps/docs";

/** Pages by their addresses on the site: those of the site, and those of the repository that are shown there. */
const addresses = new Map<string, string>([
  ...readmes.flatMap((file) => {
    const address = addressOf(file);
    return address === undefined ? [] : [[address, file] as const];
  }),
  ...sitePages.map((file) => [file.slice(SITE.length).replace(/(?:index)?\.md$/, ""), file] as const),
]);
/** What the site makes of the packages when it is built. */
const made = new Set(["/reference/", ...packages.map((name) => `/reference/${name}/api`)]);

/** What is wrong with a link of a page; nothing, where it leads somewhere. */
function wrongWith(file: string, link: string): string | undefined {
  if (/^(?:https?:|mailto:)/.test(link)) return undefined;
  const [path = "", anchor] = link.split("#");
  const target = file.startsWith(`${SITE}/`) && path.startsWith("/") ? onTheSite(path) : inTheRepository(file, path);
  if (target === undefined) return `${file}: ${link}`;
  if (anchor === undefined || !target.endsWith(".md")) return undefined;
  return anchorsOf(read(target)).has(anchor) ? undefined : `${file}: ${link} (no such heading)`;
}

function onTheSite(path: string): string | undefined {
  if (made.has(path) || existsSync(join(root, SITE, "public", path.slice(1)))) return path;
  return addresses.get(path);
}

function inTheRepository(file: string, path: string): string | undefined {
  const target = path === "" ? file : posix.join(posix.dirname(file), decodeURI(path)).replace(/\/$/, "");
  if (!existsSync(root + target)) return undefined;
  return existsSync(`${root}${target}/README.md`) ? `${target}/README.md` : target;
}

describe("pages that people read", () => {
  const pages = [...readmes, ...sitePages];

  it("have no link that leads nowhere, nor to a heading that is not there", () => {
    expect(pages.length).toBeGreaterThan(100);
    expect(pages.flatMap((file) => linksOf(read(file)).flatMap((link) => wrongWith(file, link) ?? []))).toEqual([]);
  });

  it("show sources that are there", () => {
    const sources = sitePages.flatMap((file) =>
      [...read(file).matchAll(/^<<< @\/(\S+?)(?:[#{]\S*)?(?:\s|$)/gm)].map(([, path = ""]) => ({ file, path })),
    );
    const gone = sources.filter(({ path }) => !existsSync(join(root, SITE, path)));
    expect(gone).toEqual([]);
  });

  it(`have no cell of a table longer than ${LONGEST_CELL} characters`, () => {
    const long = pages.flatMap((file) =>
      read(file)
        .split("\n")
        .filter((line) => line.startsWith("|"))
        .flatMap((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
        .filter((cell) => cell.length > LONGEST_CELL && !/^:?-+:?$/.test(cell))
        .map((cell) => `${file}: ${cell.slice(0, 60)}... (${cell.length})`),
    );
    expect(long).toEqual([]);
  });

  it("are about things a reader knows: the page this project implements is called by its name", () => {
    const pagesForUsers = [...sitePages, ...readmes.filter((file) => /^(?:README|packages\/)/.test(file))];
    expect(pagesForUsers.filter((file) => /\bthe seed(?!:)\b/i.test(prose(read(file))))).toEqual([]);
  });
});

describe("the site", () => {
  const links = sections.flatMap(({ pages }) => pages.map(({ link }) => link));

  it("shows every page in its sidebar, once, and nothing else", () => {
    const own = [...addresses.keys()].filter((address) => addresses.get(address)?.startsWith(`${SITE}/`));
    const reachable = own.filter((address) => address !== "/" && address !== "/README");
    expect(links.filter((link) => !link.startsWith("/reference/")).sort()).toEqual(reachable.sort());
    expect(new Set(links).size).toBe(links.length);
    expect(links.filter((link) => onTheSite(link) === undefined)).toEqual([]);
  });

  it("lists every package, once", () => {
    expect(packageGroups.flatMap(({ packages: names }) => names).sort()).toEqual([...packages].sort());
  });

  it("begins each page with one heading", () => {
    const pages = sitePages.filter((file) => file !== `${SITE}/index.md`);
    const headed = (file: string): boolean => (read(file).match(/^# /gm)?.length ?? 0) >= 1;
    expect(pages.filter((file) => !headed(file))).toEqual([]);
  });

  it("takes pages of the repository over with links that lead to its own", () => {
    const text = onSite(
      "[a](../core) [b](../core/README.md#hooks) [c](#here) [d](https://x.example) [e](src/a.ts)",
      "packages/call/README.md",
    );
    expect(text).toMatch(
      /^\[a\]\(\/reference\/core\/\) \[b\]\(\/reference\/core\/#hooks\) \[c\]\(#here\) \[d\]\(https:\/\/x.example\) /,
    );
    for (const file of Object.values(others)) expect(existsSync(root + file)).toBe(true);
  });
});

describe("the check", () => {
  it("finds links outside of code, and headings as GitHub names them", () => {
    const page = "# A `b` & c\n\n## A\n\n## A\n\n[x](y.md#z) `[no](no.md)`\n\n```md\n[no](no.md)\n# no\n```\n";
    expect(linksOf(page)).toEqual(["y.md#z"]);
    expect([...anchorsOf(page)]).toEqual(["a-b--c", "a", "a-1"]);
    expect(wrongWith("README.md", "packages/core#hooks")).toBeUndefined();
    expect(wrongWith("README.md", "packages/core#no-such")).toMatch("no such heading");
    expect(wrongWith("README.md", "packages/nothing")).toBe("README.md: packages/nothing");
  });
});
