import assert from "node:assert/strict";
import { test } from "node:test";
import { documentMessage, offlineWords, SavedEdits, savedWords } from "../../static/src/room/saved";

function connected(): SavedEdits {
  const saved = new SavedEdits();
  saved.connectionOpened();
  saved.documentMessageSent("step2");
  return saved;
}

function type(saved: SavedEdits): void {
  saved.edited();
  saved.documentMessageSent("update");
}

test("an edit counts as saved only when the server says that its message is stored", () => {
  const saved = connected();
  type(saved);
  type(saved);
  assert.equal(saved.unsaved, 2);
  saved.stored(2);
  assert.equal(saved.unsaved, 1);
  saved.stored(3);
  assert.equal(saved.unsaved, 0);
});

test("what was sent but not acknowledged is unsaved again after the connection breaks", () => {
  const saved = connected();
  type(saved);
  saved.connectionLost();
  saved.edited();
  assert.equal(saved.unsaved, 2);
  saved.connectionOpened();
  saved.documentMessageSent("step2");
  assert.equal(saved.unsaved, 2);
  saved.stored(1);
  assert.equal(saved.unsaved, 0);
});

test("an update that leaves before the answer to step 1 is not saved by its own acknowledgement", () => {
  const saved = new SavedEdits();
  saved.edited();
  saved.connectionOpened();
  type(saved);
  saved.stored(1);
  assert.equal(saved.unsaved, 2);
  saved.documentMessageSent("step2");
  saved.stored(2);
  assert.equal(saved.unsaved, 0);
});

test("an acknowledgement of the connection before does not count for this one", () => {
  const saved = connected();
  type(saved);
  saved.stored(2);
  saved.connectionLost();
  saved.connectionOpened();
  saved.documentMessageSent("step2");
  type(saved);
  saved.stored(1);
  assert.equal(saved.unsaved, 1);
});

test("document messages are told from the others by their first bytes", () => {
  assert.equal(documentMessage(new Uint8Array([0, 0, 1])), null);
  assert.equal(documentMessage(new Uint8Array([0, 1, 1])), "step2");
  assert.equal(documentMessage(new Uint8Array([0, 2, 1])), "update");
  assert.equal(documentMessage(new Uint8Array([1, 2, 1])), null);
  assert.equal(documentMessage(new Uint8Array([100, 2])), null);
});

test("the status line says all changes saved only when nothing is open and the link stands", () => {
  assert.equal(savedWords("online", 0, false).text, "All changes saved");
  assert.equal(savedWords("online", 3, true).text, "3 changes not saved yet");
  assert.equal(savedWords("online", 1, true).text, "1 change not saved yet");
  for (const link of ["connecting", "reconnecting", "offline", "elsewhere", "waiting"] as const) {
    assert.notEqual(savedWords(link, 0, false).text, "All changes saved");
  }
  assert.equal(savedWords("closed", 2, true).text, "2 changes not saved");
  assert.equal(offlineWords(14), "You are offline. Keep typing: 14 changes will be sent when you are back.");
});
