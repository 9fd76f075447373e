const FIRST_MS = 100;
const MOST_MS = 2_500;

/**
 * How long to wait before the `attempt`th try to connect, counted from 1. Half of it is chance (`random`, 0 to 1), so that the
 * many browsers of a server that restarts do not come back at one instant.
 */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(MOST_MS, 2 ** Math.min(attempt, 16) * FIRST_MS);
  return Math.round(full * (0.5 + random / 2));
}
