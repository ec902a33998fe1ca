/** Cuts a stream of server-sent events into what each of them says. */
export class EventReader {
  #text = "";

  /** The data of the events that are complete with this. */
  add(chunk: string): string[] {
    const events = (this.#text + chunk).split("\n\n");
    this.#text = events.pop() ?? "";
    return events.flatMap((event) => {
      const data = event.split("\n").flatMap((line) => (line.startsWith("data:") ? line.slice(5).trimStart() : []));
      return data.length > 0 ? data.join("\n") : [];
    });
  }
}
