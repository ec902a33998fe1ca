/** Where recordings go: a directory ({@link directory}), or an object store. */
export interface RecordingStorage {
  /**
   * Makes something new of that name, which is letters, digits, `.`, `-` and `_`. Fails with an error whose `code` is `EEXIST` where there is
   * something already: another name is then tried.
   */
  open(name: string): RecordingSink | Promise<RecordingSink>;
}

/** One file, or object, that is being written. Calls come one after the other, each when the one before is through. */
export interface RecordingSink {
  /** Appends. */
  write(bytes: Uint8Array): unknown;
  /** Writes over what is there, for storages that can: the sizes in a header. Without it the header says that sizes are unknown. */
  writeAt?(bytes: Uint8Array, position: number): unknown;
  close(): unknown;
}

/** What encrypts one file, such as `createCipheriv` of `node:crypto`. Its name is that of the file. */
export interface RecordingCipher {
  update(bytes: Uint8Array): Uint8Array;
  final(): Uint8Array;
}
