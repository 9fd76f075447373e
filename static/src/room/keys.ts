// Keys of the room. On macOS, Option writes characters, so each Alt key is Ctrl Shift there.

export type Action =
  | "run"
  | "test"
  | "stop"
  | "problem"
  | "editor"
  | "terminal"
  | "chat"
  | "who"
  | "pin"
  | "note"
  | "show"
  | "stage"
  | "hide"
  | "next-pane"
  | "previous-pane"
  | "help"
  | "close-file"
  | "file-left"
  | "file-right"
  | "rename"
  | "find"
  | "look"
  | "team";

export interface KeyLike {
  key: string;
  code: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altGraph: boolean;
}

export interface Binding {
  action: Action;
  /** "Alt P": Alt stands for Ctrl Shift on macOS. "Mod": Ctrl, on macOS Cmd. */
  keys: string;
  does: string;
  /** Only outside text. */
  single?: boolean;
}

/** Keys that every role has. The interviewers' own are in leading_keys.ts. */
export const BINDINGS: readonly Binding[] = [
  { action: "run", keys: "Mod Enter", does: "Run the open file" },
  { action: "test", keys: "Mod Shift Enter", does: "Run the tests" },
  { action: "stop", keys: "Mod .", does: "Stop the run" },
  { action: "next-pane", keys: "F6", does: "Next pane" },
  { action: "previous-pane", keys: "Shift F6", does: "Previous pane" },
  { action: "problem", keys: "Alt 1", does: "Go to the problem" },
  { action: "editor", keys: "Alt 2", does: "Go to the editor" },
  { action: "terminal", keys: "Alt 3", does: "Go to terminal and tests" },
  { action: "chat", keys: "Alt C", does: "Go to the chat" },
  { action: "who", keys: "Alt U", does: "Say who is where" },
  { action: "rename", keys: "F2", does: "Rename the open file" },
  { action: "close-file", keys: "Alt W", does: "Delete the open file; it can be undone" },
  { action: "file-left", keys: "Alt Shift ArrowLeft", does: "Move the open file to the left" },
  { action: "file-right", keys: "Alt Shift ArrowRight", does: "Move the open file to the right" },
  { action: "find", keys: "Mod K", does: "Find or do anything" },
  { action: "help", keys: "?", does: "Show all keys", single: true },
];

/** Keys that Emacs has for editing: while one edits with them, they stay with the editor. */
export const EMACS_KEEPS: readonly string[] = ["Alt W", "Alt U", "Alt H", "Alt S", "Alt L", "Mod K"];

/** The bindings with the keys that a person chose in place of their own; those that were switched off have none. */
export function withChosen(bindings: readonly Binding[], chosen: Readonly<Record<string, string>>): Binding[] {
  return bindings.map((binding) => {
    const keys = chosen[binding.action];
    if (keys === undefined) return binding;
    const { single: _, ...rest } = binding;
    return isSingle(keys) ? { ...rest, keys, single: true } : { ...rest, keys };
  });
}

const isSingle = (keys: string): boolean => keys !== "" && !keys.includes(" ") && !/^F\d+$/.test(keys);

/** The keys that were pressed, as a binding writes them; null for a modifier alone or what must stay with the browser and the text. */
export function keysPressed(event: KeyLike, mac: boolean): string | null {
  if (event.altGraph || /^(Control|Shift|Alt|Meta|AltGraph|Dead|Process|Unidentified|CapsLock|Tab|Escape)$/.test(event.key)) return null;
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1] ?? /^Digit([0-9])$/.exec(event.code)?.[1];
  const isFunction = /^F\d+$/.test(event.key);
  const key = letter ?? (event.key === " " ? "Space" : event.key);
  const asAlt = mac ? event.ctrlKey && event.shiftKey : event.altKey;
  const mod = mac ? event.metaKey : event.ctrlKey && !event.metaKey;
  const shift = mac && asAlt ? false : event.shiftKey;
  const words = [mod && "Mod", asAlt && "Alt", shift && (mod || asAlt || isFunction) && "Shift"].filter((word): word is string => typeof word === "string");
  if (words.length === 0 && !isFunction) return event.key.length === 1 && event.key !== " " && !/[0-9a-z]/i.test(event.key) ? event.key : null;
  return [...words, key].join(" ");
}

/** What a key press asks for, null if nothing. Nothing is taken while AltGr is down, so that no character is lost. */
export function actionOf(event: KeyLike, mac: boolean, inText: boolean, bindings = BINDINGS, kept: readonly string[] = []): Action | null {
  if (event.altGraph) return null;
  for (const binding of bindings) {
    if ((binding.single && inText) || binding.keys === "" || kept.includes(binding.keys)) continue;
    if (matches(binding.keys, event, mac)) return binding.action;
  }
  return null;
}

function matches(keys: string, event: KeyLike, mac: boolean): boolean {
  const words = keys.split(" ");
  const key = words.at(-1) as string;
  let alt = words.includes("Alt");
  let shift = words.includes("Shift");
  let ctrl = words.includes("Mod") && !mac;
  const meta = words.includes("Mod") && mac;
  const moves = alt && shift;
  if (alt && mac) {
    alt = false;
    ctrl = true;
    shift = true;
  }
  if (words.length === 1 && key.length === 1 && !/[0-9A-Z]/.test(key)) {
    return event.key === key && !event.altKey && !event.ctrlKey && !event.metaKey;
  }
  if (event.altKey !== alt || event.ctrlKey !== ctrl || event.metaKey !== meta || event.shiftKey !== shift) return false;
  if (moves || key.length > 1) return event.key === key;
  // By place for letters and digits: with Alt or Shift held, `key` is what the layout writes.
  if (/[0-9]/.test(key)) return event.code === `Digit${key}`;
  if (/[A-Z]/.test(key)) return event.key.toUpperCase() === key || (!/^[a-z]$/i.test(event.key) && event.code === `Key${key}`);
  return event.key === key;
}

const MAC_SIGNS: Record<string, string> = { Mod: "⌘", Shift: "⇧", Enter: "↵", ArrowLeft: "←", ArrowRight: "→" };
const SIGNS: Record<string, string> = { Mod: "Ctrl", Shift: "⇧", Enter: "↵", ArrowLeft: "←", ArrowRight: "→" };

/** The keys as this person's system writes them: "Alt P", on macOS "⌃ ⇧ P". */
export function keyText(keys: string, mac: boolean): string {
  if (!mac) return keys.split(" ").map((word) => SIGNS[word] ?? word).join(" ");
  const words = keys.split(" ").flatMap((word) => (word === "Alt" ? ["⌃", "⇧"] : [MAC_SIGNS[word] ?? word]));
  return words.filter((word, index) => words.indexOf(word) === index).join(" ");
}

export function keysOf(action: Action, bindings = BINDINGS): string {
  return bindings.find((binding) => binding.action === action)?.keys ?? "";
}

export function onMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}
