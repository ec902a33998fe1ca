import { expect, it } from "vitest";
import { takeToken } from "./address-token.ts";

it.each([
  ["", "", []],
  ["#", "", []],
  ["#captions", "", []],
  ["#token=", "", ["/voice/ui/?a=1"]],
  ["#token=secret", "secret", ["/voice/ui/?a=1"]],
  ["#token=a%2Bb%20c", "a+b c", ["/voice/ui/?a=1"]],
])("a token in the address %j is %j, and taken out of it", (hash, token, addresses) => {
  const shown: unknown[] = [];
  const history = { replaceState: (...[, , address]: Parameters<History["replaceState"]>) => shown.push(address) };
  expect(takeToken({ hash, pathname: "/voice/ui/", search: "?a=1" }, history)).toBe(token);
  expect(shown).toEqual(addresses);
});
