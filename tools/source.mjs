// What starts this repository's programs from source, in processes and threads: `node --import ./tools/source.mjs FILE.ts`.
// Published packages know nothing of it: those that start workers pass on the module that this variable names.
import { register } from "tsx/esm/api";

process.env.ROOMKIT_SOURCE_LOADER ??= import.meta.url;
register();
