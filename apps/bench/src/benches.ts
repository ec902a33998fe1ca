import { aec } from "./audio/aec.ts";
import { agc } from "./audio/agc.ts";
import { codecs } from "./audio/codecs.ts";
import { denoiser } from "./audio/denoiser.ts";
import { dtmf } from "./audio/dtmf.ts";
import { echoGuard } from "./audio/echo-guard.ts";
import { recorder } from "./audio/recorder.ts";
import { vad } from "./audio/vad.ts";
import { judge } from "./judge/judge.ts";
import { lab } from "./lab/lab.ts";
import { latency } from "./latency/latency.ts";
import type { Bench } from "./measure/report.ts";
import { overload } from "./overload/overload.ts";
import { pipeline } from "./pipeline/pipeline.ts";
import { providers } from "./providers/providers.ts";
import { selfhear } from "./selfhear/selfhear.ts";
import { situations } from "./situations/situations.ts";
import { clientSize } from "./sizes/client-size.ts";
import { stackSizes } from "./sizes/stacks.ts";
import { soak } from "./soak/soak.ts";
import { speech } from "./speech/speech.ts";
import { stores } from "./stores/stores.ts";
import { turn } from "./turn/turn.ts";
import { turns } from "./turns/turns.ts";
import { hears } from "./webrtc/hears.ts";
import { webrtc } from "./webrtc/webrtc.ts";
import { wsCapacity } from "./ws/capacity.ts";
import { handshakes } from "./ws/handshakes.ts";
import { wsMemory } from "./ws/memory.ts";
import { ws } from "./ws/ws.ts";

/** Every benchmark by its name on the command line. */
export const benches: Readonly<Record<string, Bench>> = {
  aec,
  agc,
  "client-size": clientSize,
  codecs,
  denoiser,
  dtmf,
  "echo-guard": echoGuard,
  hears,
  handshakes,
  judge,
  lab,
  latency,
  overload,
  pipeline,
  providers,
  recorder,
  selfhear,
  situations,
  soak,
  speech,
  stacks: stackSizes,
  stores,
  turn,
  turns,
  vad,
  webrtc,
  ws,
  "ws-capacity": wsCapacity,
  "ws-memory": wsMemory,
};
