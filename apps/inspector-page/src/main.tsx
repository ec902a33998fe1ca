import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Server } from "./model/server.ts";
import { App } from "./view/app.tsx";

// A token in the address (`#token=...`) is taken out of it at once, and kept no longer than the page.
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
if (token !== "") history.replaceState(null, "", location.pathname + location.search);

const root = document.querySelector("#app");
// The page is at `{path}/ui/`; what it asks is beside that.
const server = new Server(new URL("../", location.href), token);
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App server={server} />
    </StrictMode>,
  );
}
