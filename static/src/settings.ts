/** What a person chose for this device. It never leaves the browser. */
export interface Settings {
  theme: "system" | "light" | "dark";
  /** Pixels, 11 to 22. */
  editor_size: number;
  /** Of the size: 1.2 to 2. */
  line_height: number;
  /** How wide a tab is drawn: 2, 4 or 8 columns. */
  tab_size: number;
  keymap: Keymap;
  close_brackets: boolean;
  completion: boolean;
  lint: boolean;
  /** A plain field of text in place of the code editor, which renders only the lines that are seen. */
  plain_editor: boolean;
  screen_reader_terminal: boolean;
  read_output: boolean;
  stage_warning: boolean;
  /** Keys chosen for an action in place of its own; an empty string switches the key off. */
  keys: Record<string, string>;
}

export type Keymap = "standard" | "vim" | "emacs";

export const DEFAULTS: Settings = {
  theme: "system",
  editor_size: 13,
  line_height: 1.54,
  tab_size: 4,
  keymap: "standard",
  close_brackets: true,
  completion: true,
  lint: true,
  plain_editor: false,
  screen_reader_terminal: false,
  read_output: false,
  stage_warning: false,
  keys: {},
};

const KEY = "room.settings";

/** Reads what was stored; a broken or foreign value falls back to its default, field by field. */
export function parseSettings(stored: string | null): Settings {
  let found: Record<string, unknown> = {};
  try {
    const value: unknown = JSON.parse(stored ?? "{}");
    if (value && typeof value === "object") found = value as Record<string, unknown>;
  } catch {
    // Written by something else: the defaults stand.
  }
  const within = (name: "editor_size" | "line_height", least: number, most: number): number => {
    const value = found[name];
    return typeof value === "number" && value >= least && value <= most ? value : DEFAULTS[name];
  };
  const oneOf = <K extends "theme" | "keymap" | "tab_size">(name: K, ...allowed: Settings[K][]): Settings[K] =>
    allowed.find((one) => one === found[name]) ?? DEFAULTS[name];
  const flag = (name: keyof Settings): boolean => (typeof found[name] === "boolean" ? (found[name] as boolean) : DEFAULTS[name] === true);
  return {
    theme: oneOf("theme", "system", "light", "dark"),
    editor_size: Math.round(within("editor_size", 11, 22)),
    line_height: within("line_height", 1.2, 2),
    tab_size: oneOf("tab_size", 2, 4, 8),
    keymap: oneOf("keymap", "standard", "vim", "emacs"),
    close_brackets: flag("close_brackets"),
    completion: flag("completion"),
    lint: flag("lint"),
    plain_editor: flag("plain_editor"),
    screen_reader_terminal: flag("screen_reader_terminal"),
    read_output: flag("read_output"),
    stage_warning: flag("stage_warning"),
    keys: keysIn(found["keys"]),
  };
}

function keysIn(value: unknown): Record<string, string> {
  if (!value || typeof value !== "object") return {};
  const kept = Object.entries(value).filter(([, keys]) => typeof keys === "string" && (keys as string).length <= 40);
  return Object.fromEntries(kept as [string, string][]);
}

/** Storage may be forbidden (private windows, blocked cookies); then settings last as long as the page. */
export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Nothing to do: the choice still holds on this page.
  }
}

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

let held: Settings | null = null;

export function loadSettings(): Settings {
  const stored = recall(KEY);
  return stored === null && held ? held : parseSettings(stored);
}

/** Stores the change and tells the page: event `room:settings` on document. */
export function changeSettings(change: Partial<Settings>): Settings {
  const next = { ...loadSettings(), ...change };
  held = next;
  remember(KEY, JSON.stringify(next));
  applyTheme(next);
  document.dispatchEvent(new CustomEvent<Settings>("room:settings", { detail: next }));
  return next;
}

export function applyTheme(settings: Settings = loadSettings()): void {
  const root = document.documentElement;
  if (settings.theme === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = settings.theme;
}
