// Sentences of the room that depend on what happens. Pure, so that they can be read and tested in one place.
import { minutesText } from "./clock";
import type { RunState, TestOutcome } from "./wire";

/** How a visible run stands, for the terminal's head. `now` and `started` are on the session's clock or any other, in ms. */
export function runWords(run: RunState, elapsedMs: number): string {
  const testing = run.kind === "tests";
  if (run.status === "queued") return testing ? "Testing" : "Waiting to run";
  if (run.status === "running") return `${testing ? "Testing" : "Running"} ${minutesText(elapsedMs)}`;
  return run.sentence;
}

export function runTone(run: RunState): "busy" | "good" | "bad" | "plain" {
  if (run.status !== "finished") return "busy";
  if (run.verdict === "OK" || run.verdict === "AC") return "good";
  return run.verdict === "CANCELLED" ? "plain" : "bad";
}

export const passed = (outcome: TestOutcome): boolean => outcome.verdict === "AC";

/** Failures first, then as the question has them. */
export function failuresFirst(outcomes: readonly TestOutcome[]): TestOutcome[] {
  return [...outcomes.filter((one) => !passed(one)), ...outcomes.filter(passed)];
}

export function countText(outcomes: readonly TestOutcome[]): string {
  return `${outcomes.filter(passed).length} of ${outcomes.length}`;
}

export function testsSentence(outcomes: readonly TestOutcome[]): string {
  return `${countText(outcomes)} tests passed`;
}

/** Why a test failed, on one line. */
export function whyFailed(outcome: TestOutcome): string {
  if (outcome.verdict === "TLE") return "took too long";
  if (outcome.verdict === "MLE") return "needed too much memory";
  if (outcome.verdict === "RE" && !outcome.got) return "ended with an error";
  if (outcome.expected || outcome.got) {
    return `expected ${oneLine(outcome.expected) || "nothing"}, got ${oneLine(outcome.got) || "nothing"}`;
  }
  return "did not pass";
}

function oneLine(text: string | undefined): string {
  const line = (text ?? "").trimEnd().replaceAll("\n", " ↵ ");
  return line.length > 200 ? `${line.slice(0, 200)} …` : line;
}

/** "Maya lost connection 0:12 ago." */
export function goneWords(first: string, sinceMs: number, nowMs: number): string {
  return `${first} lost connection ${minutesText(nowMs - sinceMs)} ago.`;
}

export function runnerWords(reason: string, interviewer: boolean): string {
  if (!interviewer) return "Code cannot run just now. It is not your code. Keep writing.";
  return reason || "Code cannot run just now. Everything else works.";
}

/** "and" between the last two. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
