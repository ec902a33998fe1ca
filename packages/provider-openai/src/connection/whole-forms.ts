/**
 * A fetch that is given forms as bytes. Node 24's own goes on with a form whose request failed or was aborted, and what it then throws nobody
 * can catch: an answer interrupted in mid-upload would end the process.
 */
export function withWholeForms(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    if (!(init?.body instanceof FormData)) return await fetch(input, init);
    const form = new Response(init.body);
    const headers = new Headers(init.headers);
    headers.set("content-type", form.headers.get("content-type") ?? "multipart/form-data");
    return await fetch(input, { ...init, headers, body: new Uint8Array(await form.arrayBuffer()) });
  };
}
