import { jsonResponse } from "../http/web.ts";

/** A page served under the mount: `playground()` of `@roomkit/playground`, or your own. `undefined` means not found. */
export interface Ui {
  /** @param basePath where the endpoints are mounted. */
  fetch(request: Request, basePath: string): Response | undefined | Promise<Response | undefined>;
}

/** The answer to a request for a page; `request` makes it once its method is known to be one of a page. Rejects with what the page throws. */
export async function uiResponse(
  ui: Ui | undefined,
  basePath: string,
  method: string | undefined,
  request: () => Request | Promise<Request>,
): Promise<Response> {
  if (method !== "GET" && method !== "HEAD") {
    return jsonResponse({ error: "method_not_allowed" }, 405, { allow: "GET, HEAD" });
  }
  return (await ui?.fetch(await request(), basePath)) ?? jsonResponse({ error: "not_found" }, 404);
}
