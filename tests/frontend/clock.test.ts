import assert from "node:assert/strict";
import { test } from "node:test";
import { minutesText, SessionClock, stageTime } from "../../static/src/room/clock";
import { EMPTY, type SessionState } from "../../static/src/room/wire";

const MINUTE = 60_000;
const running: SessionState = {
  ...EMPTY,
  phase: "running",
  started_wall_ms: 1,
  stages: [
    { id: "s1", title: "Hello", minutes: 5 },
    { id: "s2", title: "Dock planner", minutes: 25 },
  ],
  stage: "s2",
  stage_at_ms: 5 * MINUTE,
};

test("the stage says its time, and past its time how much over", () => {
  assert.deepEqual(stageTime(running, 5 * MINUTE + 880_000), { elapsed: "14:40", rest: " of 25 min", share: 880_000 / (25 * MINUTE), over: false });
  const over = stageTime(running, 5 * MINUTE + 27 * MINUTE + 10_000);
  assert.equal(over.elapsed + over.rest, "27:10, 2:10 over");
  assert.equal(over.share, 1);
});

test("five minutes more move the end of the stage", () => {
  const longer = { ...running, extensions: { s2: 5 } };
  assert.equal(stageTime(longer, 5 * MINUTE + 27 * MINUTE).rest, " of 30 min");
});

test("pauses are left out of the stage's time, the running one included", () => {
  const paused = { ...running, phase: "paused" as const, paused_ms: 2 * MINUTE, stage_paused_ms: MINUTE, paused_at_ms: 10 * MINUTE };
  assert.equal(stageTime(paused, 14 * MINUTE).elapsed, "4:00");
});

test("the session's clock goes on between events, is 0 before Start, and stands still after the end", () => {
  const clock = new SessionClock();
  clock.hear(4000, 100);
  assert.equal(clock.atMs(EMPTY, 5000), 0);
  assert.equal(clock.atMs(running, 600), 4500);
  assert.equal(clock.atMs(running, 50), 4000);
  assert.equal(clock.atMs({ ...running, ended_at_ms: 4200 }, 99_000), 4200);
});

test("minutes are not wrapped into hours", () => {
  assert.equal(minutesText(63 * MINUTE + 20_000), "63:20");
  assert.equal(minutesText(190_000, true), "03:10");
  assert.equal(minutesText(-5), "0:00");
});
