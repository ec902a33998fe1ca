import type { InboundOptions } from "../channel.ts";
import type { RoomEvent } from "../event.ts";
import { Cascade } from "./cascade.ts";
import { deliverAgain } from "./delivery.ts";
import type { Engine } from "./engine.ts";
import { assertOpen, loadRoom } from "./locked.ts";
import { roomClosed } from "./room-errors.ts";

/** See `ChannelHost.answerAgain`. */
export async function answerAgain(
  engine: Engine,
  event: RoomEvent,
  { replySignal, session }: Pick<InboundOptions, "replySignal" | "session">,
): Promise<void> {
  assertOpen(engine);
  const state = await loadRoom(engine, event.roomId);
  if (!state.open) throw roomClosed(state.id);
  const cascade = new Cascade(state.scope.child(replySignal), session);
  const work = deliverAgain(engine, state, event, cascade).then(() => cascade.done());
  engine.active.add(work);
  try {
    await work;
  } finally {
    engine.active.delete(work);
    cascade.scope.release();
  }
}
