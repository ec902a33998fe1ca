interface ImportMetaEnv {
  /** Name of the audio-thread code beside the page; empty in development. Set by vite.config.ts. */
  readonly WORKLET_FILE: string;
}
