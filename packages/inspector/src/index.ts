export type {
  ActionResult,
  CallAction,
  CallDetail,
  CallRow,
  ErrorView,
  InspectorView,
  ProcessView,
  TurnTimes,
  TurnView,
} from "./calls/views.ts";
export { type Inspector, inspector } from "./inspector.ts";
export type { InspectorOptions } from "./options.ts";
