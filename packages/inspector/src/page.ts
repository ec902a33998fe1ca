import { type Playground, playground, shippedPage } from "@roomkit/playground";

/** The page of this package, below `{path}/ui`. */
export function inspectorPage(): Playground {
  // An empty path is no folder: the page then says that it has not been built.
  return playground({ folder: shippedPage("@roomkit/inspector", import.meta.url) ?? "" });
}
