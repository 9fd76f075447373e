import assert from "node:assert/strict";
import { test } from "node:test";
import * as Y from "yjs";
import { textChange, throughDelta, type DeltaStep } from "../../static/src/room/textdiff";

function applied(before: string, after: string, caret: number): string {
  const change = textChange(before, after, caret);
  if (!change) return before;
  return before.slice(0, change.at) + change.inserted + before.slice(change.at + change.deleted);
}

test("a letter typed among equal letters is put before the caret", () => {
  assert.deepEqual(textChange("aaa", "aaaa", 2), { at: 1, deleted: 0, inserted: "a" });
  assert.deepEqual(textChange("aaa", "aa", 1), { at: 1, deleted: 1, inserted: "" });
  assert.equal(textChange("same", "same", 2), null);
});

test("a surrogate pair is never split", () => {
  const change = textChange("x😀y", "x😁y", 3);
  assert.deepEqual(change, { at: 1, deleted: 2, inserted: "😁" });
});

test("whatever was typed, the change makes the new text out of the old", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % below;
  };
  const word = (): string => Array.from({ length: random(5) }, () => ["a", "b", "\n", "😀"][random(4)]).join("");
  for (let round = 0; round < 2000; round += 1) {
    const before = word() + word() + word();
    const at = random(before.length + 1);
    const gone = random(before.length - at + 1);
    const put = word();
    const after = before.slice(0, at) + put + before.slice(at + gone);
    assert.equal(applied(before, after, at + put.length), after);
  }
});

test("a place moves with what others type before it, and stays before what they type at it", () => {
  const delta = (change: (text: Y.Text) => void): DeltaStep[] => {
    const text = new Y.Doc().getText();
    text.insert(0, "0123456789");
    let found: DeltaStep[] = [];
    text.observe((event) => (found = event.delta as DeltaStep[]));
    change(text);
    return found;
  };
  assert.equal(throughDelta(delta((text) => text.insert(2, "xx")), 5), 7);
  assert.equal(throughDelta(delta((text) => text.insert(5, "xx")), 5), 5);
  assert.equal(throughDelta(delta((text) => text.insert(8, "xx")), 5), 5);
  assert.equal(throughDelta(delta((text) => text.delete(1, 2)), 5), 3);
  assert.equal(throughDelta(delta((text) => text.delete(3, 6)), 5), 3);
  assert.equal(throughDelta(delta((text) => text.insert(0, "xx")), 0), 0);
});
