// Times as they are written and said.

/** "23:18"; "63:20" from an hour on, as the clock of the room writes it. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}

/** "3:42", for lengths. */
export function lengthText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** "23 minutes 18 seconds". */
export function spokenText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const words = [];
  if (minutes > 0) words.push(minutes === 1 ? "1 minute" : `${minutes} minutes`);
  const rest = seconds % 60;
  if (rest > 0 || minutes === 0) words.push(rest === 1 ? "1 second" : `${rest} seconds`);
  return words.join(" ");
}

/** "3:42 in 2 places". */
export function quietText(spans: readonly { from_ms: number; to_ms: number }[]): string {
  if (spans.length === 0) return "none";
  const whole = spans.reduce((sum, span) => sum + span.to_ms - span.from_ms, 0);
  return `${lengthText(whole)} in ${spans.length === 1 ? "1 place" : `${spans.length} places`}`;
}

/** Minutes for the axis, about ten of them, and the end. */
export function axisMinutes(durationMs: number): number[] {
  const minutes = durationMs / 60_000;
  const step = [0.5, 1, 2, 5, 10, 15, 30, 60, 120].find((one) => minutes / one <= 12) ?? 240;
  const marks = [0];
  for (let at = step; at < minutes - step * 0.4; at += step) marks.push(at);
  return marks;
}
