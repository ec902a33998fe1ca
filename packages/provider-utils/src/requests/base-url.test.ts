import { expect, it } from "vitest";
import { unversioned, versioned } from "./base-url.ts";

it.each([
  ["https://api.vendor.test/v1", "https://api.vendor.test/v1"],
  ["https://api.vendor.test", "https://api.vendor.test/v1"],
  ["http://localhost:11434/", "http://localhost:11434/v1"],
  ["wss://api.vendor.test", "wss://api.vendor.test/v1"],
  ["https://proxy.test/openai", "https://proxy.test/openai"],
  ["https://proxy.test/deployments/a?api-version=1", "https://proxy.test/deployments/a?api-version=1"],
  ["nowhere", "nowhere"],
  [undefined, undefined],
])("versioned: %s", (given, expected) => {
  expect(versioned(given)).toBe(expected);
});

it.each([
  ["https://api.vendor.test", "https://api.vendor.test"],
  ["https://api.vendor.test/v1", "https://api.vendor.test"],
  ["https://api.vendor.test/v1/", "https://api.vendor.test"],
  ["https://api.vendor.test/v1beta", "https://api.vendor.test"],
  ["https://proxy.test/vendor/v1", "https://proxy.test/vendor"],
  ["https://proxy.test/v1/vendor", "https://proxy.test/v1/vendor"],
  ["nowhere", "nowhere"],
  [undefined, undefined],
])("unversioned: %s", (given, expected) => {
  expect(unversioned(given)).toBe(expected);
});
