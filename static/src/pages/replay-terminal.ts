// The terminal of the replay, fetched only when somebody opens it.
export { OutputTerminal } from "../room/terminal";
