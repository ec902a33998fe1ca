import { describe, expect, it } from "vitest";
import { webSocketUrl } from "./web-socket-url.ts";

describe("webSocketUrl", () => {
  it.each([
    ["https://api.vendor.test/v1", "wss://api.vendor.test/v1/live"],
    ["http://localhost:8080//", "ws://localhost:8080/live"],
    ["wss://api.vendor.test", "wss://api.vendor.test/live"],
    ["ws://localhost/a/", "ws://localhost/a/live"],
  ])("%s", (baseURL, expected) => {
    expect(webSocketUrl(baseURL, "/live", "vendor").href).toBe(expected);
  });

  it.each([
    ["nowhere", /^vendor: baseURL is no URL$/],
    ["ftp://api.vendor.test", /^vendor: baseURL must begin with/],
  ])("refuses %s", (baseURL, message) => {
    const made = (): URL => webSocketUrl(baseURL, "/live", "vendor");
    expect(made).toThrow(message);
    expect(made).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });
});
