import assert from "node:assert/strict";
import { test } from "node:test";
import { fitting } from "../../static/src/palette";
import { backoffMs } from "../../static/src/room/backoff";
import { actionOf, BINDINGS, EMACS_KEEPS, keysPressed, withChosen, type KeyLike } from "../../static/src/room/keys";
import { allText } from "../../static/src/room/late";
import { Signals, type Signal } from "../../static/src/room/signals";
import { DEFAULTS, parseSettings } from "../../static/src/settings";

function press(key: string, code: string, held: Partial<KeyLike> = {}): KeyLike {
  return { key, code, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, altGraph: false, ...held };
}

test("a key that was chosen in place of another does its work, and the old one does nothing", () => {
  const pressed = press("ø", "KeyX", { altKey: true });
  assert.equal(keysPressed(pressed, false), "Alt X");
  const bindings = withChosen(BINDINGS, { who: "Alt X" });
  assert.equal(actionOf(pressed, false, true, bindings), "who");
  assert.equal(actionOf(press("u", "KeyU", { altKey: true }), false, true, bindings), null);
});

test("what is pressed to choose a key is what does it later, on every system", () => {
  const cases: [KeyLike, boolean, string][] = [
    [press("x", "KeyX", { ctrlKey: true, altKey: true }), false, "Mod Alt X"],
    [press("X", "KeyX", { ctrlKey: true, shiftKey: true }), true, "Alt X"],
    [press("x", "KeyX", { metaKey: true }), true, "Mod X"],
    [press("F8", "F8", { shiftKey: true }), false, "Shift F8"],
    [press("ArrowUp", "ArrowUp", { altKey: true, shiftKey: true }), false, "Alt Shift ArrowUp"],
  ];
  for (const [pressed, mac, keys] of cases) {
    assert.equal(keysPressed(pressed, mac), keys);
    assert.equal(actionOf(pressed, mac, true, withChosen(BINDINGS, { who: keys })), "who");
  }
});

test("letters, Tab, Escape and AltGr are never taken from the text", () => {
  assert.equal(keysPressed(press("a", "KeyA"), false), null);
  assert.equal(keysPressed(press("Tab", "Tab", { altKey: true }), false), null);
  assert.equal(keysPressed(press("Escape", "Escape"), false), null);
  assert.equal(keysPressed(press("@", "KeyQ", { ctrlKey: true, altKey: true, altGraph: true }), false), null);
});

test("a key that is switched off does nothing, and Emacs keeps its own", () => {
  const wipe = press("w", "KeyW", { altKey: true });
  assert.equal(actionOf(wipe, false, true, BINDINGS), "close-file");
  assert.equal(actionOf(wipe, false, true, withChosen(BINDINGS, { "close-file": "" })), null);
  assert.equal(actionOf(wipe, false, true, BINDINGS, EMACS_KEEPS), null);
  assert.equal(actionOf(press("?", "Slash", { shiftKey: true }), false, false, withChosen(BINDINGS, { help: "" })), null);
});

test("what was stored for this device is read field by field", () => {
  const read = parseSettings('{"editor_size":40,"line_height":1.8,"tab_size":8,"keymap":"vim","lint":false,"keys":{"run":"Alt X","x":7}}');
  assert.equal(read.editor_size, DEFAULTS.editor_size);
  assert.deepEqual([read.line_height, read.tab_size, read.keymap, read.lint, read.completion], [1.8, 8, "vim", false, true]);
  assert.deepEqual(read.keys, { run: "Alt X" });
  assert.equal(parseSettings('{"keymap":"nano","tab_size":3}').keymap, "standard");
});

test("tries to come back are spread, and never rarer than every two and a half seconds", () => {
  assert.equal(backoffMs(1, 0), 100);
  assert.equal(backoffMs(1, 1), 200);
  for (const attempt of [5, 10, 1000]) {
    assert.equal(backoffMs(attempt, 1), 2500);
    assert.equal(backoffMs(attempt, 0), 1250);
  }
});

test("time away and quiet time are told once, only if the plan has them, and time away is not quiet time too", () => {
  const told: Signal[] = [];
  let kinds: string[] = ["leave", "idle"];
  const signals = new Signals(() => kinds, (signal) => told.push(signal), 0);
  signals.typed(1_000);
  signals.hidden(5_000);
  signals.seen(205_000);
  signals.typed(206_000);
  assert.deepEqual(told, [{ type: "NoteAway", away_ms: 200_000 }]);
  signals.typed(206_000 + 120_000);
  assert.equal(told.length, 1);
  signals.typed(206_000 + 120_000 + 150_000);
  assert.deepEqual(told.at(-1), { type: "NoteIdle", idle_ms: 150_000 });
  kinds = [];
  signals.hidden(500_000);
  signals.seen(900_000);
  signals.typed(1_900_000);
  assert.equal(told.length, 2);
});

test("a glance elsewhere is no mark, nor is what was before the recording", () => {
  const told: Signal[] = [];
  const signals = new Signals(() => ["leave", "idle"], (signal) => told.push(signal), 0);
  signals.hidden(1_000);
  signals.seen(1_900);
  signals.began(400_000);
  signals.typed(410_000);
  assert.deepEqual(told, []);
});

test("the list finds by all words in any order, beginnings first", () => {
  const entries = ["Open run.py", "Run the tests", "Run the open file"].map((label) => ({ label }));
  assert.deepEqual(fitting(entries, "open run").map(({ label }) => label), ["Open run.py", "Run the open file"]);
  assert.deepEqual(fitting(entries, "run").map(({ label }) => label), ["Run the tests", "Run the open file", "Open run.py"]);
  assert.equal(fitting(entries, "graph").length, 0);
  assert.equal(fitting(entries, "").length, 3);
});

test("the copy of what came too late has every file under its name", () => {
  assert.equal(allText([{ name: "a.py", text: "x = 1" }, { name: "b", text: "" }]), "===== a.py =====\nx = 1\n\n===== b =====\n");
});
