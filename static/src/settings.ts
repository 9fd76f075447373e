/** What a person chose for this device. It never leaves the browser. */
export interface Settings {
  theme: "system" | "light" | "dark";
  /** Pixels, 11 to 22. */
  editor_size: number;
  screen_reader_terminal: boolean;
  read_output: boolean;
  stage_warning: boolean;
}

export const DEFAULTS: Settings = {
  theme: "system",
  editor_size: 13,
  screen_reader_terminal: false,
  read_output: false,
  stage_warning: false,
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
  const theme = found["theme"];
  const size = found["editor_size"];
  return {
    theme: theme === "light" || theme === "dark" ? theme : "system",
    editor_size: typeof size === "number" && size >= 11 && size <= 22 ? Math.round(size) : DEFAULTS.editor_size,
    screen_reader_terminal: found["screen_reader_terminal"] === true,
    read_output: found["read_output"] === true,
    stage_warning: found["stage_warning"] === true,
  };
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

export function loadSettings(): Settings {
  return parseSettings(recall(KEY));
}

/** Stores the change and tells the page: event `room:settings` on document. */
export function changeSettings(change: Partial<Settings>): Settings {
  const next = { ...loadSettings(), ...change };
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
