import assert from "node:assert/strict";
import { test } from "node:test";
import { actionOf as actionWith, BINDINGS, keyText, type Action, type KeyLike } from "../../static/src/room/keys";
import { LEADING_BINDINGS } from "../../static/src/room/leading_keys";

const ALL = [...BINDINGS, ...LEADING_BINDINGS];
const actionOf = (event: KeyLike, mac: boolean, inText: boolean): Action | null => actionWith(event, mac, inText, ALL);

function press(key: string, held: Partial<KeyLike> = {}): KeyLike {
  const code = /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : /^[0-9]$/.test(key) ? `Digit${key}` : key;
  return { key, code, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, altGraph: false, ...held };
}

test("Alt keys ask for their actions, also from inside the editor", () => {
  assert.equal(actionOf(press("p", { altKey: true }), false, true), "pin");
  assert.equal(actionOf(press("1", { altKey: true }), false, true), "problem");
  assert.equal(actionOf(press("Enter", { ctrlKey: true }), false, true), "run");
  assert.equal(actionOf(press("Enter", { ctrlKey: true, shiftKey: true }), false, true), "test");
  assert.equal(actionOf(press("F6", { shiftKey: true }), false, true), "previous-pane");
});

test("nothing is taken while AltGr is down, so that its characters can be typed", () => {
  assert.equal(actionOf(press("p", { altKey: true, altGraph: true }), false, true), null);
  assert.equal(actionOf(press("@", { code: "KeyQ", altKey: true, ctrlKey: true, altGraph: true }), false, true), null);
});

test("on macOS an Alt key is Ctrl Shift, and Option writes characters as it always does", () => {
  assert.equal(actionOf(press("P", { ctrlKey: true, shiftKey: true }), true, true), "pin");
  assert.equal(actionOf(press("!", { code: "Digit1", ctrlKey: true, shiftKey: true }), true, true), "problem");
  assert.equal(actionOf(press("π", { code: "KeyP", altKey: true }), true, true), null);
  assert.equal(actionOf(press("Enter", { metaKey: true }), true, true), "run");
});

test("a letter is the one that the layout writes, not the one at that place", () => {
  // On AZERTY the letter A lies where QWERTY has Q.
  assert.equal(actionOf(press("a", { code: "KeyQ", altKey: true }), false, true), null);
  assert.equal(actionOf(press("w", { code: "KeyZ", altKey: true }), false, true), "close-file");
  // A Cyrillic layout writes no Latin letters: there the place counts.
  assert.equal(actionOf(press("з", { code: "KeyP", altKey: true }), false, true), "pin");
});

test("a question mark opens the help only outside text", () => {
  assert.equal(actionOf(press("?", { shiftKey: true }), false, false), "help");
  assert.equal(actionOf(press("?", { shiftKey: true }), false, true), null);
});

test("plain typing asks for nothing", () => {
  for (const key of ["a", "p", "1", "Enter", "Tab", "Escape", "."]) assert.equal(actionOf(press(key), false, true), null);
});

test("no two actions share their keys, on either kind of system", () => {
  for (const mac of [false, true]) {
    const texts = ALL.map((binding) => keyText(binding.keys, mac));
    assert.equal(new Set(texts).size, texts.length, texts.join(", "));
  }
});

test("a candidate's page knows no key of the private side", () => {
  for (const action of ["pin", "note", "show", "stage", "hide"]) assert.ok(!BINDINGS.some((one) => one.action === action));
  assert.equal(actionWith(press("p", { altKey: true }), false, true), null);
});
