import { type Asset, readAssets } from "./assets.ts";
import { contentSecurityPolicy } from "./policy.ts";
import { shippedPage } from "./shipped.ts";

/** The built page, ready to be handed to a mount: `mountVoice(server, backend, { ui: playground() })`. */
export interface Playground {
  /**
   * Answers requests for `{basePath}/ui` and everything below it. `undefined`: there is no such file, or the request is for
   * something else.
   */
  fetch(request: Request, basePath: string): Promise<Response | undefined>;
}

export interface PlaygroundOptions {
  /** A folder with another build of a page, `index.html` and what belongs to it. Default: the page in this package. */
  readonly folder?: string | undefined;
}

const YEAR = 31_536_000;

/** A page to talk to a mount from a browser. It is read once, at the first request, and served from memory. */
export function playground(options: PlaygroundOptions = {}): Playground {
  let assets: ReadonlyMap<string, Asset> | undefined;
  return {
    fetch(request, basePath) {
      const { folder = shippedPage("@roomkit/playground", import.meta.url) } = assets ? {} : options;
      assets ??= folder === undefined ? new Map() : readAssets(folder);
      return Promise.resolve(answer(request, basePath, assets));
    },
  };
}

function answer(request: Request, basePath: string, assets: ReadonlyMap<string, Asset>): Response | undefined {
  const { pathname, search, host } = new URL(request.url);
  const root = `${basePath.replace(/\/+$/, "")}/ui`;
  if (pathname !== root && !pathname.startsWith(`${root}/`)) return undefined;
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
  }
  // Relative, so that it is right behind a proxy that hides part of the path. The page's own links need the slash.
  if (pathname === root) return new Response(null, { status: 307, headers: { location: `ui/${search}` } });
  if (assets.size === 0) return notBuilt();
  const asset = assets.get(pathname.slice(root.length + 1) || "index.html");
  return asset && serve(request, asset, request.headers.get("host") ?? host);
}

function serve(request: Request, asset: Asset, host: string): Response {
  const { body, gzip, type, etag, hashed } = asset;
  const headers = new Headers({
    "cache-control": hashed ? `public, max-age=${YEAR}, immutable` : "no-cache",
    "content-security-policy": contentSecurityPolicy(safeHost(host)),
    "content-type": type,
    "cross-origin-opener-policy": "same-origin",
    etag,
    "permissions-policy": "microphone=(self), speaker-selection=(self), camera=(), geolocation=()",
    "referrer-policy": "no-referrer",
    vary: "accept-encoding",
    "x-content-type-options": "nosniff",
  });
  if (matches(request.headers.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  const compressed =
    gzip && /(^|,)\s*gzip\s*(,|;(?!\s*q=0(\.0*)?\s*(,|$))|$)/i.test(request.headers.get("accept-encoding") ?? "");
  const content = compressed ? gzip : body;
  if (compressed) headers.set("content-encoding", "gzip");
  headers.set("content-length", String(content.length));
  return new Response(request.method === "HEAD" ? null : content, { headers });
}

function matches(header: string | null, etag: string): boolean {
  return (header ?? "").split(",").some((tag) => [etag, `W/${etag}`, "*"].includes(tag.trim()));
}

/** The header comes from outside, and goes into a policy. */
function safeHost(host: string): string {
  return /^[\w.-]+(:\d{1,5})?$|^\[[\da-f:.]+\](:\d{1,5})?$/i.test(host) ? host : "localhost";
}

const NOT_BUILT = `The page is not there. In the repository it has not been built yet: npm run build
In a bundled application: leave the package of the page (@roomkit/playground, @roomkit/inspector) out of the bundle.
`;

function notBuilt(): Response {
  return new Response(NOT_BUILT, {
    status: 503,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}
