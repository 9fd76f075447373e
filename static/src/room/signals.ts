/** Gaps between keys that are worth a mark, if the plan has that signal and the lobby told it. */
export const IDLE_MS = 120_000;
/** A glance at another window is no mark. */
export const AWAY_MS = 1_000;

export type Signal = { type: "NoteAway"; away_ms: number } | { type: "NoteIdle"; idle_ms: number };

/**
 * How long the page was hidden, and how long nothing was typed. Each gap is told once, when it ends; time away is not counted as
 * idle too. Times are monotonic milliseconds.
 */
export class Signals {
  private hiddenAt: number | null = null;
  private activeAt: number;

  constructor(
    private readonly kinds: () => readonly string[],
    private readonly tell: (signal: Signal) => void,
    now: number,
  ) {
    this.activeAt = now;
  }

  hidden(now: number): void {
    this.closeIdle(now);
    this.hiddenAt = now;
  }

  seen(now: number): void {
    if (this.hiddenAt === null) return;
    const away = Math.round(now - this.hiddenAt);
    this.hiddenAt = null;
    this.activeAt = now;
    if (away >= AWAY_MS && this.kinds().includes("leave")) this.tell({ type: "NoteAway", away_ms: away });
  }

  typed(now: number): void {
    this.closeIdle(now);
    this.activeAt = now;
  }

  /** The recorded time begins: what was before is nobody's matter. */
  began(now: number): void {
    this.activeAt = now;
    if (this.hiddenAt !== null) this.hiddenAt = now;
  }

  private closeIdle(now: number): void {
    const idle = Math.round(now - this.activeAt);
    if (this.hiddenAt === null && idle > IDLE_MS && this.kinds().includes("idle")) this.tell({ type: "NoteIdle", idle_ms: idle });
  }
}
