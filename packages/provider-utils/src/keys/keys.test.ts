import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { redactText, redactUrl } from "./redact.ts";
import { resolveKey } from "./resolve-key.ts";
import { Secret } from "./secret.ts";

describe("resolveKey", () => {
  const base = { provider: "vendor", env: ["VENDOR_API_KEY", "VENDOR_KEY"] };

  it("takes the option before the environment, and the first variable that is set", () => {
    const environment = { VENDOR_API_KEY: " ", VENDOR_KEY: "from-env\n" };
    expect(resolveKey({ ...base, option: "from-option", environment }).reveal()).toBe("from-option");
    expect(resolveKey({ ...base, environment }).reveal()).toBe("from-env");
    const secret = new Secret("made-before");
    expect(resolveKey({ ...base, option: secret, environment })).toBe(secret);
  });

  it("reads process.env unless told otherwise", () => {
    process.env.ROOMKIT_TEST_KEY = "from-process";
    expect(resolveKey({ provider: "vendor", env: "ROOMKIT_TEST_KEY" }).reveal()).toBe("from-process");
    delete process.env.ROOMKIT_TEST_KEY;
  });

  it("names the variables when there is no key", () => {
    expect(() => resolveKey({ ...base, environment: {} })).toThrow(
      expect.objectContaining({
        code: "missing_key",
        message: "vendor needs a key: pass apiKey, or set VENDOR_API_KEY or VENDOR_KEY",
      }),
    );
  });

  it("refuses what would break a header, without showing it", () => {
    for (const bad of ["two words", "line\nbreak", "käse"]) {
      const attempt = (): unknown => resolveKey({ ...base, option: bad, environment: {} });
      expect(attempt).toThrow(expect.objectContaining({ code: "invalid_option" }));
      expect(attempt).not.toThrow(bad);
    }
  });
});

describe("row 66: Secret", () => {
  it("shows itself nowhere", () => {
    const secret = new Secret("hunter2-hunter2");
    const holder = { secret };
    const shown = [
      inspect(holder, { showHidden: true, depth: 9 }),
      JSON.stringify(holder),
      `${secret}`,
      String(secret),
    ];
    for (const text of shown) {
      expect(text).not.toContain("hunter2");
      expect(text).toContain("[redacted]");
    }
  });
});

describe("redactText", () => {
  it("takes out registered keys of any shape, and what looks like a key", () => {
    new Secret("plainlookingword");
    const cases = [
      "my plainlookingword here",
      "Authorization: Bearer abcdefgh12345",
      "authorization: Token abcdefgh12345",
      'xi-api-key: "abcdefgh12345"',
      "wss://h/p?key=abcdefgh12345&model=m",
      "https://h/p?access_token=abcdefgh12345",
      "sk-proj-abcdefgh12345",
      "cannot ask https://user:abcdefgh12345@host:8443/v1",
      "cannot ask wss://abcdefgh12345@host",
    ];
    for (const text of cases) {
      const result = redactText(text);
      expect(result).toContain("[redacted]");
      expect(result).not.toMatch(/abcdefgh12345|plainlookingword/);
    }
    expect(redactText("wss://h/p?key=abcdefgh&model=m")).toBe("wss://h/p?key=[redacted]&model=m");
  });

  it("leaves ordinary text alone", () => {
    const text = "vendor answered 429: slow down, token bucket is empty (limit 5/min)";
    expect(redactText(text)).toBe(text);
  });
});

describe("redactUrl", () => {
  it("keeps scheme, host and path", () => {
    expect(redactUrl("wss://user:pass@example.com:8443/v1/listen?key=abc#x")).toBe("wss://example.com:8443/v1/listen");
    expect(redactUrl("not a url with sk-secretsecret")).toBe("(an invalid URL)");
  });
});
