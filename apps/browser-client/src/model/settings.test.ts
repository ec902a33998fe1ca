import { expect, it } from "vitest";
import { defaultSettings, mountOf, readSettings, writeSettings } from "./settings.ts";

it.each([
  ["/voice/ui", "/voice"],
  ["/voice/ui/", "/voice"],
  ["/voice/ui/index.html", "/voice"],
  ["/app/rtc-realtime/ui/", "/app/rtc-realtime"],
  ["/ui/", "/"],
  ["/", "/voice"],
  ["/index.html", "/voice"],
  ["/gui", "/voice"],
])("a page at %s belongs to the mount %s", (pathname, mount) => {
  expect(mountOf(pathname)).toBe(mount);
});

const defaults = defaultSettings("/");

it("keeps what was changed, and gives it back", () => {
  const settings = { ...defaults, codec: "mulaw", theme: "dark", microphone: "usb" } as const;
  const kept = writeSettings(settings, defaults);
  expect(JSON.parse(kept)).toEqual({ codec: "mulaw", theme: "dark", microphone: "usb" });
  expect(readSettings(kept, defaults)).toEqual(settings);
});

it.each([
  null,
  "",
  "{",
  "[]",
  "3",
  "null",
  '{"codec":"opus","sendSampleRate":44100,"theme":1,"speaker":{},"evil":true}',
])("does not trust %s", (kept) => {
  expect(readSettings(kept, defaults)).toEqual(defaults);
});
