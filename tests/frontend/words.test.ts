import assert from "node:assert/strict";
import { test } from "node:test";
import { fileLanguage } from "../../static/src/room/filenames";
import { DOCUMENT_MAX, insertionProblem, lineCount, PASTE_MAX, plainLineEnds } from "../../static/src/room/paste";
import { failuresFirst, listed, testsSentence, whyFailed } from "../../static/src/room/words";

const pass = { name: "books an empty dock", part: "p1", verdict: "AC" };
const fail = { name: "no gap left", part: "p1", verdict: "WA", expected: "None\n", got: "1310\n" };

test("failures come first, and otherwise the question's order stays", () => {
  const other = { ...pass, name: "refuses an overlap" };
  assert.deepEqual(failuresFirst([pass, fail, other]), [fail, pass, other]);
  assert.equal(testsSentence([pass, fail, other]), "2 of 3 tests passed");
});

test("a failed test says what was expected and what came, on one line", () => {
  assert.equal(whyFailed(fail), "expected None, got 1310");
  assert.equal(whyFailed({ ...fail, got: "1\n2\n" }), "expected None, got 1 ↵ 2");
  assert.equal(whyFailed({ ...fail, got: "" }), "expected None, got nothing");
  assert.equal(whyFailed({ ...fail, verdict: "TLE" }), "took too long");
});

test("a paste of 5 MB is refused, one of 1 MB is taken, and the document has a bound of its own", () => {
  assert.match(insertionProblem(5_000_000, 0) ?? "", /5\.0 MB/);
  assert.equal(insertionProblem(PASTE_MAX, 0), null);
  assert.notEqual(insertionProblem(10, DOCUMENT_MAX - 5), null);
  assert.equal(insertionProblem(0, DOCUMENT_MAX + 100), null);
});

test("line ends of other systems become the document's", () => {
  assert.equal(plainLineEnds("a\r\nb\rc\n"), "a\nb\nc\n");
  assert.equal(lineCount("a\nb\n"), 3);
});

test("a file's language is told by its ending, else by what it was made for, else by the room", () => {
  assert.equal(fileLanguage("dock.py", "", "sql"), "python");
  assert.equal(fileLanguage("Makefile", "javascript", "sql"), "javascript");
  assert.equal(fileLanguage("scratch", "", "sql"), "sql");
  assert.equal(fileLanguage("notes.MD", "python", "python"), "markdown");
});

test("names are listed with an and before the last", () => {
  assert.equal(listed(["Maya"]), "Maya");
  assert.equal(listed(["Maya", "Tomás", "Ife"]), "Maya, Tomás and Ife");
});
