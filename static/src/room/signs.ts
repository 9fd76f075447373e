import { minutesText } from "./clock";
import type { Page } from "./page";
import { Signals } from "./signals";

/** The candidate's page tells of time away and of quiet time, if the plan has it; the lobby said so. Nothing changes on the page. */
export function mountSignals(page: Page): void {
  const { room } = page;
  const recorded = (): readonly string[] => (room.state.phase === "running" ? room.state.signals : []);
  const signals = new Signals(recorded, (signal) => void room.connection.do(signal), performance.now());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") signals.hidden(performance.now());
    else signals.seen(performance.now());
  });
  document.addEventListener("keydown", () => signals.typed(performance.now()), { capture: true });
  document.addEventListener("input", () => signals.typed(performance.now()), { capture: true });
  page.watch(
    () => [room.state.phase],
    () => signals.began(performance.now()),
  );
}

/** The same facts in words that judge nobody: there are many good reasons for both. */
export function signWords(first: string, event: { type: string } & Record<string, unknown>): string | null {
  if (event.type === "PageLeft") return `${first}'s page was in the background for ${minutesText(event["away_ms"] as number)}`;
  if (event.type === "NothingTyped") return `Nothing was typed for ${minutesText(event["idle_ms"] as number)}`;
  if (event.type === "PasteNoted") return `${first} pasted ${String(event["lines"])} lines`;
  return null;
}
