import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Playground, playground } from "./playground.ts";

let folder: string;
let page: Playground;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "roomkit-playground-"));
  mkdirSync(join(folder, "assets"));
  mkdirSync(join(folder, "samples"));
  writeFileSync(join(folder, "index.html"), `<!doctype html>${"<p>Hello</p>".repeat(50)}`);
  writeFileSync(join(folder, "worklets.js"), "(()=>{})()");
  writeFileSync(join(folder, "assets", "index-Dh3H31GP.js"), "console.log(1);".repeat(50));
  writeFileSync(join(folder, "samples", "a.wav"), Uint8Array.of(1, 2, 3));
  page = playground({ folder });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const get = (path: string, init: RequestInit = {}, base = "/voice"): Promise<Response | undefined> =>
  page.fetch(new Request(`http://example.com:8000${path}`, init), base);

describe("the playground", () => {
  it("sends a visitor to where the page's links are right, by a relative address", async () => {
    const response = await get("/voice/ui?x=1");
    expect([response?.status, response?.headers.get("location")]).toEqual([307, "ui/?x=1"]);
  });

  it.each(["/voice", "/voice/", "", "/", "/deep/rtc-realtime"])("serves the page below the mount %j", async (base) => {
    const root = base.replace(/\/$/, "");
    const response = await get(`${root}/ui/`, {}, base);
    expect(response?.status).toBe(200);
    expect(response?.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await response?.text()).toContain("Hello");
  });

  it("serves what belongs to the page, with its type", async () => {
    const types = await Promise.all(
      ["worklets.js", "assets/index-Dh3H31GP.js", "samples/a.wav"].map(async (file) =>
        (await get(`/voice/ui/${file}`))?.headers.get("content-type"),
      ),
    );
    expect(types).toEqual(["text/javascript; charset=utf-8", "text/javascript; charset=utf-8", "audio/wav"]);
    const wav = await get("/voice/ui/samples/a.wav");
    expect(new Uint8Array((await wav?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(Uint8Array.of(1, 2, 3));
  });

  it.each([
    "/voice/ui/nothing.js",
    "/voice/ui/../package.json",
    "/voice/ui/%2e%2e/package.json",
    "/voice/ui/..%2f..%2fetc%2fpasswd",
    "/voice/ui/assets",
    "/voice/ui/assets/",
    "/voice/uiother",
    "/other/ui/",
    "/voice/config",
  ])("has nothing at %s", async (path) => {
    expect(await get(path)).toBeUndefined();
  });

  it("lets hashed files be kept for ever and asks about the others each time", async () => {
    const cache = async (file: string): Promise<string | null | undefined> =>
      (await get(`/voice/ui/${file}`))?.headers.get("cache-control");
    expect(await cache("assets/index-Dh3H31GP.js")).toBe("public, max-age=31536000, immutable");
    expect(await cache("")).toBe("no-cache");
    expect(await cache("worklets.js")).toBe("no-cache");
  });

  it("answers 304 to who has it already", async () => {
    const etag = (await get("/voice/ui/"))?.headers.get("etag") as string;
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const response = await get("/voice/ui/", { headers: { "if-none-match": tag } });
      expect(response?.status).toBe(304);
      expect(response?.headers.get("etag")).toBe(etag);
      expect(await response?.text()).toBe("");
    }
    expect((await get("/voice/ui/", { headers: { "if-none-match": '"other"' } }))?.status).toBe(200);
  });

  it("compresses for those who understand that", async () => {
    for (const accepted of ["gzip", "br, gzip;q=0.5", "deflate,GZIP"]) {
      const response = await get("/voice/ui/", { headers: { "accept-encoding": accepted } });
      expect(response?.headers.get("content-encoding")).toBe("gzip");
      const bytes = new Uint8Array((await response?.arrayBuffer()) as ArrayBuffer);
      expect(response?.headers.get("content-length")).toBe(String(bytes.length));
      expect(gunzipSync(bytes).toString()).toContain("Hello");
    }
    for (const accepted of ["br", "gzip;q=0", "gzip; q=0.0, br", "x-gzip-ish"]) {
      const response = await get("/voice/ui/", { headers: { "accept-encoding": accepted } });
      expect(response?.headers.get("content-encoding"), accepted).toBeNull();
    }
    // Three bytes do not get smaller.
    const wav = await get("/voice/ui/samples/a.wav", { headers: { "accept-encoding": "gzip" } });
    expect(wav?.headers.get("content-encoding")).toBeNull();
  });

  it("answers HEAD without a body, and refuses what changes things", async () => {
    const head = await get("/voice/ui/", { method: "HEAD" });
    expect([head?.status, await head?.text()]).toEqual([200, ""]);
    expect(Number(head?.headers.get("content-length"))).toBeGreaterThan(100);
    const post = await get("/voice/ui/", { method: "POST" });
    expect([post?.status, post?.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("allows scripts and connections of its own server only", async () => {
    const policy = async (host?: string): Promise<string> =>
      (await get("/voice/ui/", host === undefined ? {} : { headers: { host } }))?.headers.get(
        "content-security-policy",
      ) as string;
    expect(await policy()).toContain("default-src 'none'; script-src 'self';");
    expect(await policy()).toContain("connect-src 'self' ws://example.com:8000 wss://example.com:8000;");
    expect(await policy()).toContain("frame-ancestors 'self'");
    expect(await policy("voice.example:443")).toContain("wss://voice.example:443;");
    expect(await policy("[::1]:8000")).toContain("ws://[::1]:8000 ");
    expect(await policy("evil.example; script-src *")).not.toContain("evil");
    const response = await get("/voice/ui/");
    expect(response?.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response?.headers.get("permissions-policy")).toContain("microphone=(self)");
  });

  it("says so when the page has not been built", async () => {
    const empty = playground({ folder: join(folder, "nowhere") });
    const response = await empty.fetch(new Request("http://example.com/voice/ui/"), "/voice");
    expect(response?.status).toBe(503);
    expect(await response?.text()).toContain("npm run build");
  });
});
