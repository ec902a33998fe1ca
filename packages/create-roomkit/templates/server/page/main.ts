import { VoiceClient, VoiceClientError } from "@roomkit/client";

const states: Record<string, string> = {
  idle: "Nobody is on the line.",
  connecting: "Connecting...",
  listening: "Listening.",
  thinking: "Thinking...",
  speaking: "Speaking.",
  reconnecting: "The connection was lost, trying again...",
  ended: "The call has ended.",
};

function find<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}`);
  return found as T;
}

// Behind the # of the address, which no server sees; nor does it stay there.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (token !== null) {
  history.replaceState(null, "", location.pathname + location.search);
}

const call = new VoiceClient({
  url: "/voice",
  microphone: { optional: true },
  token: token ?? undefined,
});

const problem = (error: unknown): void => {
  const { hint } = error as VoiceClientError;
  find("problem").textContent =
    error instanceof VoiceClientError ? hint : String(error);
};

/** The lines of the conversation, by the ids of what was said. */
const lines = new Map<string, HTMLLIElement>();

call.on("transcript", ({ id, role, text, heard }) => {
  const line = lines.get(id) ?? document.createElement("li");
  if (!lines.has(id)) find("transcript").append(line);
  lines.set(id, line);
  line.dataset.role = role;
  line.textContent = heard ?? text;
  line.scrollIntoView({ block: "nearest" });
});
call.on("state", ({ state }) => {
  const over = state === "idle" || state === "ended";
  find("state").textContent = states[state] ?? state;
  find("call").textContent = over ? "Start call" : "End call";
});
call.on("level", ({ input }) => {
  find<HTMLMeterElement>("level").value = input;
});
call.on("error", problem);

find("call").addEventListener("click", () => {
  if (call.state === "idle" || call.state === "ended") {
    find("problem").textContent = "";
    find("transcript").replaceChildren();
    lines.clear();
    call.connect().catch(problem);
  } else {
    call.disconnect().catch(problem);
  }
});
find("mute").addEventListener("click", () => {
  if (call.muted) call.unmute();
  else call.mute();
  find("mute").ariaPressed = String(call.muted);
});
find("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = find<HTMLInputElement>("text");
  try {
    call.sendText(field.value);
    field.value = "";
  } catch (error) {
    problem(error);
  }
});
