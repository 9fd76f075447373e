import type { Binding } from "./keys";

/** Keys that only interviewers have. */
export const LEADING_BINDINGS: readonly Binding[] = [
  { action: "pin", keys: "Alt P", does: "Pin this moment" },
  { action: "note", keys: "Alt N", does: "Write a private note" },
  { action: "show", keys: "Alt R", does: "Show the next part; Enter confirms" },
  { action: "stage", keys: "Alt S", does: "Next stage" },
  { action: "team", keys: "Alt T", does: "Go to the interviewers' chat" },
  { action: "look", keys: "Alt L", does: "Look as the candidate" },
  { action: "hide", keys: "Alt H", does: "Hide or show the private side" },
];
