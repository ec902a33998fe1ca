export type { SqliteDriver } from "./driver.ts";
export type { SqliteStoreOptions } from "./options.ts";
export { SqliteStore } from "./sqlite-store.ts";
