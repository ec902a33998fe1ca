/** Smart Turn v3.2 for processors (int8, 8.7 MB). */
export const SMART_TURN_SHA256 = "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f";
