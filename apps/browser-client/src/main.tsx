import { signal } from "@preact/signals";
import { render } from "preact";
import { CallStore } from "./call-store.ts";
import { takeToken } from "./model/address-token.ts";
import { keptSettings } from "./preferences.ts";
import { App } from "./view/app.tsx";

const settings = keptSettings();
// A credential is kept no longer than the page.
const token = signal(takeToken(location, history));
const store = new CallStore(settings, token);
const root = document.querySelector("#app");
if (root) render(<App store={store} settings={settings} token={token} />, root);
