import type { CallDetail, CallRow, ProcessView } from "@roomkit/inspector";
import type { JSX } from "react";
import { inMs, lossOf, percent, timeOf } from "../model/words.ts";

interface FactProps {
  readonly name: string;
  /** Undefined: nobody measures it. */
  readonly value: string | number | undefined;
}

function Fact({ name, value }: FactProps): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      {value === undefined ? <dd className="none">not measured</dd> : <dd className="number">{value}</dd>}
    </div>
  );
}

/** How well both hear each other. */
export function Quality({ call }: { readonly call: CallRow }): JSX.Element {
  const { quality, echo } = call;
  const { inbound } = quality ?? {};
  const loss = lossOf(call);
  const ms = (value: number | undefined): string | undefined => (value === undefined ? undefined : inMs(value));
  const coupling = echo ? `${Math.round(echo.couplingDb)} dB after ${Math.round(echo.delayMs)} ms` : undefined;
  return (
    <section aria-labelledby="quality">
      <h3 id="quality">Quality</h3>
      <dl className="facts">
        <Fact name="Lost packets" value={loss === undefined ? undefined : `${percent(loss)} (${inbound?.lost})`} />
        <Fact name="Late packets" value={inbound?.late} />
        <Fact name="Jitter" value={inbound && `${inbound.jitterMs} ms`} />
        <Fact name="Concealed" value={ms(inbound?.concealedMs)} />
        <Fact name="Underruns" value={quality?.underruns} />
        <Fact name="Dropped" value={ms(quality?.droppedMs)} />
        <Fact name="Queued" value={ms(quality?.queuedMs)} />
        <Fact name="Echo" value={echo === false ? "none found" : coupling} />
      </dl>
    </section>
  );
}

/** What stands in the way of the caller's sound. */
export function AudioPath({ stages }: Pick<CallDetail, "stages">): JSX.Element | null {
  if (stages.length === 0) return null;
  return (
    <section aria-labelledby="path">
      <h3 id="path">Caller's sound</h3>
      <ul className="path">
        {stages.map(({ role, name, state }) => (
          <li key={`${role} ${name}`} data-state={state}>
            {role} <span>{state === "on" ? name : state}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Who, where and by whom. */
export function Facts({
  call,
  process,
}: {
  readonly call: CallRow;
  readonly process: ProcessView | undefined;
}): JSX.Element {
  const { stt, tts, realtime } = call.providers;
  const facts: readonly (readonly [name: string, value: string | number | undefined])[] = [
    ["Began", timeOf(call.startedAt)],
    ["Turns", `${call.turns}, ${call.interrupted} cut off`],
    ["Tool calls", call.toolCalls],
    ["Recogniser", stt],
    ["Voice", tts],
    ["Speech to speech", realtime],
    ["Transport", call.transport],
    ["Channel", call.channel],
    ["Room", call.room],
    ["Session", call.id],
    ["Process", process?.name],
  ];
  return (
    <section aria-labelledby="facts">
      <h3 id="facts">Call</h3>
      <dl className="facts">
        {facts.flatMap(([name, value]) => (value === undefined ? [] : <Fact key={name} name={name} value={value} />))}
      </dl>
    </section>
  );
}
