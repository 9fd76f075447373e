/** One change of a text: `deleted` units from `at` on make place for `inserted`. */
export interface TextChange {
  at: number;
  deleted: number;
  inserted: string;
}

/**
 * The smallest single change that makes `after` out of `before`, null if they are equal. `caret` is where typing ended in
 * `after`: of the places that a repeated letter could have been typed, it chooses the one before the caret. No surrogate pair is
 * split.
 */
export function textChange(before: string, after: string, caret: number): TextChange | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  // What stands behind the caret was not typed.
  const most = Math.min(after.length - caret, shorter);
  let end = 0;
  while (end < most && before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)) end += 1;
  let start = 0;
  while (start < shorter - end && before.charCodeAt(start) === after.charCodeAt(start)) start += 1;
  while (end < shorter - start && before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)) end += 1;
  if (start > 0 && isHigh(before.charCodeAt(start - 1))) start -= 1;
  if (end > 0 && isLow(before.charCodeAt(before.length - end))) end -= 1;
  return { at: start, deleted: before.length - start - end, inserted: after.slice(start, after.length - end) };
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

export interface DeltaStep {
  retain?: number;
  insert?: unknown;
  delete?: number;
}

/** Where a place of the old text is in the new one, after a delta of Yjs. Text that comes in at the place itself goes behind it. */
export function throughDelta(delta: readonly DeltaStep[], place: number): number {
  let old = 0;
  let moved = place;
  for (const step of delta) {
    if (old >= place && step.delete === undefined) break;
    if (step.retain !== undefined) old += step.retain;
    else if (typeof step.insert === "string") moved += step.insert.length;
    else if (step.delete !== undefined) {
      moved -= Math.max(0, Math.min(step.delete, place - old));
      old += step.delete;
    }
  }
  return moved;
}
