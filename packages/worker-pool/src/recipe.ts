import { type Recipe, RoomKitError } from "@roomkit/core";

/** Follows a recipe. @throws RoomKitError `invalid_option` when its module or function is not there. */
export async function follow<Made>({ module, name, options }: Recipe, more: object = {}): Promise<Made> {
  let factory: unknown;
  try {
    factory = ((await import(module)) as Record<string, unknown>)[name];
  } catch (cause) {
    throw new RoomKitError("invalid_option", `a worker cannot load ${name}`, { cause, details: { module } });
  }
  if (typeof factory === "function") return factory({ ...options, ...more }) as Made;
  throw new RoomKitError("invalid_option", `a worker finds no ${name}: was its module bundled away?`, {
    details: { module },
  });
}

/** The recipe of something a worker needs. @throws RoomKitError `invalid_option` when it has none. */
export function recipeOf(what: string, recipe: Recipe | undefined): Recipe {
  if (recipe?.module) return recipe;
  throw new RoomKitError(
    "invalid_option",
    `workers need ${what} that can be made on another thread: this one has no recipe, or was bundled into a file that does not know where it is`,
  );
}
