/** A text that is known whole, for who takes texts as they are made. */
export async function* once(text: string): AsyncGenerator<string, void, undefined> {
  yield text;
}
