import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { takeToken } from "./model/address-token.ts";
import { App } from "./view/app.tsx";

// A credential is kept no longer than the page.
const token = takeToken(location, history);
const root = document.querySelector("#app");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App token={token} />
    </StrictMode>,
  );
}
