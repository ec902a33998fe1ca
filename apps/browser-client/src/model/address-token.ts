/**
 * A token that came with the page's address, `#token=TOKEN`; empty when none did. Browsers send that part to no server. It is taken out
 * of the address, so that it is neither kept nor passed on with it.
 */
export function takeToken(
  { hash, pathname, search }: Pick<Location, "hash" | "pathname" | "search">,
  history: Pick<History, "replaceState">,
): string {
  const parameters = new URLSearchParams(hash.slice(1));
  const token = parameters.get("token") ?? "";
  if (parameters.has("token")) history.replaceState(null, "", `${pathname}${search}`);
  return token;
}
