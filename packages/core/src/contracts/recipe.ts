/**
 * How another thread or process makes the same thing: functions and native handles cannot be sent there, so it imports the module
 * and calls the function again.
 */
export interface Recipe {
  /** Address of the module: `import.meta.url` where the function stands. It must be on disk as it is, not bundled away. */
  readonly module: string;
  /** The exported function. */
  readonly name: string;
  /** Its one argument; plain data that can be cloned. */
  readonly options: object;
  /** It brings native code that a process can load only once: it needs a process of its own, not a thread. */
  readonly ownProcess?: true | undefined;
}
