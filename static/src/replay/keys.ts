// Which key does what. Nothing is taken while somebody writes, or with Ctrl, Alt or Cmd held.

export type Action =
  | { do: "play" | "pin" | "follow" | "difference" | "next-pin" | "previous-pin" | "problem" | "output" }
  | { do: "by"; ms: number }
  | { do: "edit" | "speed"; way: 1 | -1 }
  | { do: "event"; kinds: readonly string[]; name: string; way: 1 | -1 }
  | { do: "tenth"; tenth: number };

/** Letters that go to the next event of a kind, with Shift to the one before. */
const EVENTS: Record<string, { kinds: readonly string[]; name: string }> = {
  r: { kinds: ["run", "tests", "hidden"], name: "run" },
  s: { kinds: ["stage", "part"], name: "stage or part" },
  h: { kinds: ["hint"], name: "hint" },
  c: { kinds: ["chat"], name: "message" },
  v: { kinds: ["paste"], name: "paste" },
};

export interface KeyLike {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

/** What has the focus. "slider": the playhead, which takes 1 and 3 as tenths like all other digits. */
export type Target = "text" | "button" | "scroller" | "slider" | "page";

export function actionOf(event: KeyLike, target: Target): Action | null {
  if (event.ctrlKey || event.altKey || event.metaKey || target === "text") return null;
  switch (event.key) {
    case " ":
      return target === "button" ? null : { do: "play" };
    case "ArrowLeft":
      return { do: "by", ms: event.shiftKey ? -30_000 : -5_000 };
    case "ArrowRight":
      return { do: "by", ms: event.shiftKey ? 30_000 : 5_000 };
    case "ArrowUp":
      return target === "scroller" ? null : { do: "speed", way: 1 };
    case "ArrowDown":
      return target === "scroller" ? null : { do: "speed", way: -1 };
    case ",":
      return { do: "edit", way: -1 };
    case ".":
      return { do: "edit", way: 1 };
    case "[":
      return { do: "previous-pin" };
    case "]":
      return { do: "next-pin" };
    case "p":
    case "P":
      return { do: "pin" };
    case "d":
    case "D":
      return { do: "difference" };
    case "f":
    case "F":
      return { do: "follow" };
  }
  const kind = EVENTS[event.key.toLowerCase()];
  if (kind) return { do: "event", ...kind, way: event.shiftKey ? -1 : 1 };
  if (target === "slider") {
    if (event.key === "Home") return { do: "tenth", tenth: 0 };
    if (event.key === "End") return { do: "tenth", tenth: 10 };
    if (event.key === "PageUp") return { do: "by", ms: 30_000 };
    if (event.key === "PageDown") return { do: "by", ms: -30_000 };
  } else {
    if (event.key === "1") return { do: "problem" };
    if (event.key === "3") return { do: "output" };
  }
  return /^[0-9]$/.test(event.key) ? { do: "tenth", tenth: Number(event.key) } : null;
}
