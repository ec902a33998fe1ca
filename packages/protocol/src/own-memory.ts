/**
 * Samples and bytes in memory of their own. `Uint8Array<ArrayBuffer>`, said so that TypeScript before 5.7 reads it too, where these
 * types take no argument.
 */
export type OwnBytes = ReturnType<Uint8ArrayConstructor["of"]>;
export type OwnSamples = ReturnType<Int16ArrayConstructor["of"]>;
