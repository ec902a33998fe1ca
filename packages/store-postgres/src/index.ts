export type { PostgresStoreOptions } from "./options.ts";
export { PostgresStore } from "./postgres-store.ts";
