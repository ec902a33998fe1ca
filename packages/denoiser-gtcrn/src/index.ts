export { type GtcrnFactory, type GtcrnOptions, gtcrn } from "./gtcrn.ts";
