import { expect, it } from "vitest";
import { Vendor } from "./vendor.fixture.ts";

/** A vendor that keeps its own rules: one response at a time, which reads what stands in the conversation when it begins. */
class Server {
  readonly vendor = new Vendor();
  /** Items it has, and those an answer was given to. */
  readonly items: string[] = [];
  readonly answered = new Set<string>();
  /** Items whose answer the caller did not want any more. */
  readonly givenUp = new Set<unknown>();
  #taken = 0;
  #active: string | undefined;
  #cancelled = false;
  #count = 0;
  #speaking = "";

  constructor() {
    this.vendor.acknowledges = false;
  }

  /** Takes in the next command, if there is one. */
  take(): boolean {
    const sent = this.vendor.sent[this.#taken];
    if (!sent) return false;
    this.#taken++;
    const item = sent.item as { readonly id: string } | undefined;
    if (sent.type === "conversation.item.create" && item) {
      this.items.push(item.id);
      this.vendor.say("conversation.item.added", { item });
    } else if (sent.type === "response.cancel") this.#cancelled ||= sent.response_id === this.#active;
    else if (sent.type === "response.create") {
      if (this.#active === undefined) this.#respond();
      else this.#refuse(sent.event_id);
    }
    return true;
  }

  speak(interrupts: boolean): void {
    if (this.#speaking === "") {
      this.#speaking = `u${++this.#count}`;
      this.#cancelled ||= this.#active !== undefined;
      this.vendor.speechStarted(this.#speaking);
      if (interrupts) this.interrupt();
      return;
    }
    this.end();
    const id = this.#speaking;
    this.#speaking = "";
    this.vendor.speechStopped(id);
    if (this.#active === undefined) this.#respond();
  }

  interrupt(): void {
    for (const { item } of this.vendor.of("conversation.item.create"))
      this.givenUp.add((item as { readonly id: string }).id);
    this.vendor.protocol.interrupt();
  }

  end(): void {
    const id = this.#active;
    if (id === undefined) return;
    this.#active = undefined;
    this.vendor.done(id, this.#cancelled ? "cancelled" : "completed");
    this.#cancelled = false;
  }

  get still(): boolean {
    return this.#active === undefined && this.#speaking === "" && this.#taken === this.vendor.sent.length;
  }

  quiet(): void {
    if (this.#speaking !== "") this.speak(false);
  }

  #respond(): void {
    this.#active = `r${++this.#count}`;
    for (const id of this.items) this.answered.add(id);
    this.vendor.begin(this.#active);
  }

  #refuse(event_id: string): void {
    const code = "conversation_already_has_active_response";
    this.vendor.say("error", { error: { type: "invalid_request_error", code, message: "", event_id } });
  }
}

it("in any order at all: one at a time, everything answered, nothing left waiting", async () => {
  let seed = 11;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let run = 0; run < 100; run++) {
    const server = new Server();
    const { vendor: v } = server;
    for (let step = 0; step < 30; step++) {
      const which = random(9);
      if (which < 2) v.protocol.sendText(`text ${step}`, {});
      else if (which < 5) server.take();
      else if (which === 5) server.end();
      else if (which === 6) server.speak(random(2) === 0);
      else if (which === 7 && random(3) === 0) server.interrupt();
      else await v.clock.advance(random(3_000));
    }
    for (let turn = 0; turn < 20; turn++) {
      while (server.take());
      server.quiet();
      server.end();
      await v.clock.advance(100);
    }
    await v.clock.advance(10_000);
    while (server.take());
    server.end();
    expect(server.still).toBe(true);
    expect(server.items.filter((id) => !server.answered.has(id) && !server.givenUp.has(id))).toEqual([]);
    expect([v.protocol.idle, v.clock.pendingTimers, v.events.filter((e) => e.type === "error")]).toEqual([true, 0, []]);
  }
});
