import type { SessionState } from "./wire";

/**
 * The session's clock as far as this browser knows it: the last `at_ms` heard, carried on by the browser's monotonic clock.
 * `at_ms` counts from Start, pauses included; it is 0 before Start and stands still after the end.
 */
export class SessionClock {
  private heardAtMs = 0;
  private heardNow = 0;

  /** `now` is monotonic, in milliseconds. */
  hear(atMs: number, now: number): void {
    this.heardAtMs = atMs;
    this.heardNow = now;
  }

  atMs(state: SessionState, now: number): number {
    if (state.started_wall_ms === null) return 0;
    if (state.ended_at_ms !== null) return state.ended_at_ms;
    return this.heardAtMs + Math.max(0, now - this.heardNow);
  }
}

/** Length of the pause that runs now, 0 if none. */
export function pauseMs(state: SessionState, atMs: number): number {
  return state.paused_at_ms === null ? 0 : atMs - state.paused_at_ms;
}

/** How long the current stage has lasted, pauses left out. */
export function stageMs(state: SessionState, atMs: number): number {
  return atMs - state.stage_at_ms - (state.paused_ms - state.stage_paused_ms) - pauseMs(state, atMs);
}

/** Planned minutes of a stage with those added. */
export function stageMinutes(state: SessionState, stage: string): number {
  const planned = state.stages.find((one) => one.id === stage)?.minutes ?? 0;
  return planned + (state.extensions[stage] ?? 0);
}

/** "4:05", "63:20": minutes and seconds; `padded` gives "04:05". */
export function minutesText(ms: number, padded = false): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = String(Math.floor(seconds / 60));
  return `${padded ? minutes.padStart(2, "0") : minutes}:${String(seconds % 60).padStart(2, "0")}`;
}

export interface StageTime {
  elapsed: string;
  /** " of 25 min", or ", 2:10 over". */
  rest: string;
  /** 0 to 1. */
  share: number;
  over: boolean;
}

/** What the strip says of the current stage; past its time it says so in words. */
export function stageTime(state: SessionState, atMs: number): StageTime {
  const minutes = state.stage === null ? 0 : stageMinutes(state, state.stage);
  const elapsed = stageMs(state, atMs);
  const planned = minutes * 60_000;
  const over = minutes > 0 && elapsed >= planned + 1000;
  return {
    elapsed: minutesText(elapsed),
    rest: over ? `, ${minutesText(elapsed - planned)} over` : ` of ${minutes} min`,
    share: planned > 0 ? Math.min(1, Math.max(0, elapsed / planned)) : 1,
    over,
  };
}

/** "10:05" in the reader's own zone. */
export function wallText(wallMs: number): string {
  return new Date(wallMs).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
