/** The recordings a caller without a microphone can send; made by scripts/make-samples.ts. */
export const samples: readonly { readonly file: string; readonly text: string }[] = [
  { file: "weather.wav", text: "What is the weather in Paris?" },
  { file: "joke.wav", text: "Tell me a joke." },
];
