import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULTS, parseSettings } from "../../static/src/settings";

test("settings that were never stored are the defaults", () => {
  assert.deepEqual(parseSettings(null), DEFAULTS);
});

test("a broken value in storage harms no other setting", () => {
  assert.deepEqual(parseSettings("{"), DEFAULTS);
  assert.deepEqual(parseSettings('"dark"'), DEFAULTS);
  const read = parseSettings('{"theme": "dark", "editor_size": 400, "read_output": "yes"}');
  assert.equal(read.theme, "dark");
  assert.equal(read.editor_size, DEFAULTS.editor_size);
  assert.equal(read.read_output, false);
});
