import assert from "node:assert/strict";
import { test } from "node:test";
import { evolve } from "../../static/src/room/evolve";
import { EMPTY, type Recorded, type SessionState } from "../../static/src/room/wire";

function fold(events: [string, Record<string, unknown>, number?, string?][], state: SessionState = EMPTY): SessionState {
  return events.reduce((now, [type, fields, at_ms = 0, by = "m_iris"]) => {
    const recorded: Recorded = { at_ms, wall_ms: 1_000_000 + at_ms, by, e: { type, ...fields } };
    return evolve(now, recorded);
  }, state);
}

test("an event of a type that this page does not know changes nothing", () => {
  assert.equal(fold([["SomethingNew", { member: "m_cal" }]]), EMPTY);
});

test("an event about somebody whom this viewer was not told of changes nothing", () => {
  assert.equal(fold([["MemberJoined", { member: "m_unknown" }]]), EMPTY);
});

test("the state before an event is never changed in place", () => {
  const before = fold([["FileCreated", { file: "f_1", name: "dock.py" }]]);
  const frozen = JSON.stringify(before);
  fold([["FileRenamed", { file: "f_1", name: "main.py" }], ["FileDeleted", { file: "f_1" }]], before);
  assert.equal(JSON.stringify(before), frozen);
});

test("files keep their order after a move, and one that the order lacks goes last", () => {
  const files = ["f_1", "f_2", "f_3"].map((file): [string, Record<string, unknown>] => ["FileCreated", { file, name: file }]);
  const state = fold([...files, ["FilesReordered", { files: ["f_3", "f_1"] }]]);
  assert.deepEqual(state.files.map((file) => file.id), ["f_3", "f_1", "f_2"]);
});

test("the first part shown of another question brings that question into the pane", () => {
  const plan = (id: string): Record<string, unknown> => ({ question: { id, title: id, parts: [] } });
  const state = fold([
    ["QuestionPlanned", plan("q_1")],
    ["QuestionPlanned", plan("q_2")],
  ]);
  assert.equal(state.question, "q_1");
  const shown = { question: "q_2", part: "a", question_title: "Two", part_title: "A", number: 1 };
  assert.equal(fold([["PartShown", shown]], state).question, "q_2");
  assert.equal(fold([["QuestionPlanned", { ...plan("q_3"), replaces: "q_1" }]], state).question, "q_3");
});

test("a pause that runs when the interview ends is counted", () => {
  const state = fold([
    ["InterviewStarted", { wall_ms: 1_000_000 }],
    ["ClockPaused", {}, 5000],
    ["InterviewEnded", {}, 9000],
  ]);
  assert.equal(state.paused_ms, 4000);
  assert.equal(state.paused_at_ms, null);
  assert.equal(state.ended_at_ms, 9000);
});
