import { createElement as h, type ReactElement } from "react";
import {
  CallButton,
  type CallSetup,
  Connection,
  DevicePicker,
  InterruptButton,
  Meter,
  MuteButton,
  Transcript,
  VoiceCall,
} from "./index.ts";

/** A page with every part there is. */
export function wholePage(setup: CallSetup, more?: ReactElement): ReactElement {
  return h(
    VoiceCall,
    setup,
    h(CallButton),
    h(MuteButton),
    h(InterruptButton),
    h(Meter, { of: "input" }),
    h(Meter, { of: "output" }),
    h(Transcript, { empty: h("p", null, "Nothing yet") }),
    h(DevicePicker, { of: "input" }),
    h(DevicePicker, { of: "output" }),
    h(Connection),
    more,
  );
}
