import assert from "node:assert/strict";
import { test } from "node:test";
import * as Y from "yjs";
import { actionOf, type Target } from "../../static/src/replay/keys";
import { Keyframes } from "../../static/src/replay/keyframes";
import { decodeSegment, eventsUntil, Segments, segmentAt, type SentSegment } from "../../static/src/replay/recording";
import { lineClients } from "../../static/src/replay/scene";
import { axisMinutes, clockText, lengthText, quietText, spokenText } from "../../static/src/replay/times";

const key = (name: string, shift = false) => ({ key: name, shiftKey: shift, ctrlKey: false, altKey: false, metaKey: false });

test("keys do what the list of keys says", () => {
  assert.deepEqual(actionOf(key(" "), "page"), { do: "play" });
  assert.deepEqual(actionOf(key("ArrowLeft"), "page"), { do: "by", ms: -5000 });
  assert.deepEqual(actionOf(key("ArrowRight", true), "page"), { do: "by", ms: 30000 });
  assert.deepEqual(actionOf(key(","), "page"), { do: "edit", way: -1 });
  assert.deepEqual(actionOf(key("1"), "page"), { do: "problem" });
  assert.deepEqual(actionOf(key("1"), "slider"), { do: "tenth", tenth: 1 });
  assert.deepEqual(actionOf(key("7"), "page"), { do: "tenth", tenth: 7 });
  assert.equal(actionOf(key("x"), "page"), null);
});

test("no key is taken while somebody writes, or with a modifier", () => {
  for (const name of [" ", "p", "1", ".", "ArrowLeft"]) {
    assert.equal(actionOf(key(name), "text"), null);
    for (const modifier of ["ctrlKey", "altKey", "metaKey"]) assert.equal(actionOf({ ...key(name), [modifier]: true }, "page"), null);
  }
  assert.equal(actionOf(key(" "), "button"), null);
  for (const target of ["scroller"] as Target[]) {
    assert.equal(actionOf(key("ArrowUp"), target), null);
    assert.equal(actionOf(key("ArrowDown"), target), null);
  }
});

test("times are written and said", () => {
  assert.equal(clockText(1_398_400), "23:18");
  assert.equal(clockText(3_800_000), "63:20");
  assert.equal(clockText(-5), "00:00");
  assert.equal(lengthText(222_000), "3:42");
  assert.equal(spokenText(1_398_000), "23 minutes 18 seconds");
  assert.equal(spokenText(61_000), "1 minute 1 second");
  assert.equal(spokenText(0), "0 seconds");
  assert.equal(spokenText(120_000), "2 minutes");
  assert.equal(quietText([{ from_ms: 0, to_ms: 200_000 }, { from_ms: 300_000, to_ms: 322_000 }]), "3:42 in 2 places");
  assert.equal(quietText([]), "none");
});

test("the axis has about ten marks at any length", () => {
  for (const minutes of [0.2, 1, 7, 55, 90, 480]) {
    const marks = axisMinutes(minutes * 60_000);
    assert.ok(marks.length >= 1 && marks.length <= 13, `${minutes}: ${marks.length}`);
    assert.equal(marks[0], 0);
  }
});

test("a segment and an event are found by time", () => {
  const plans = [0, 1000, 1000, 5000].map((at_ms, first) => ({ at_ms, first, events: 1 }));
  assert.deepEqual([0, 999, 1000, 4999, 5000, 9e9].map((ms) => segmentAt(plans, ms)), [0, 0, 2, 2, 3, 3]);
  assert.equal(segmentAt([], 5), 0);
  const events = [5, 5, 8].map((at_ms) => ({ at_ms, by: "m", fact: { type: "x" } }));
  assert.deepEqual([4, 5, 7, 8].map((ms) => eventsUntil(events, ms)), [0, 2, 2, 3]);
});

test("a line belongs to who wrote most characters, emoji counted once", () => {
  const doc = new Y.Doc();
  doc.clientID = 1;
  const text = doc.getText("f:a");
  text.insert(0, "😀😀\n\nab");
  const other = new Y.Doc();
  other.clientID = 2;
  Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
  other.getText("f:a").insert(2, "xyz");
  other.getText("f:a").insert(0, "\n");
  assert.deepEqual(lineClients(other.getText("f:a")), [2, 2, 1, 1]);
  assert.deepEqual(lineClients(new Y.Doc().getText("f:a")), [0]);
});

test("a segment is fetched once, forgotten when others are used, and asked for again after a failure", async () => {
  const asked: number[] = [];
  let broken = true;
  const segments = new Segments(async (number) => {
    asked.push(number);
    if (number === 9 && broken) throw new Error("offline");
    return decodeSegment({ v: 1, at_ms: number, first: 1, document: "AAA=", moment: {}, events: [[5, "m", "AAA="]] });
  }, 2);
  await Promise.all([segments.load(0), segments.load(0)]);
  assert.deepEqual(asked, [0]);
  assert.equal(segments.at(0)?.events[0]?.at_ms, 5);
  await segments.load(1);
  await segments.load(2);
  assert.equal(segments.at(0), undefined);
  await assert.rejects(segments.load(9));
  broken = false;
  assert.equal((await segments.load(9)).at_ms, 9);
});

test("a moment made from the edits before it is the one that its own keyframe holds", () => {
  const doc = new Y.Doc();
  const text = doc.getText("f:f_main");
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  const sent: SentSegment[] = [];
  const texts: string[] = [];
  for (let number = 0; number < 5; number++) {
    texts.push(text.toString());
    const one: SentSegment = { v: 1, at_ms: number, first: number, document: base64(Y.encodeStateAsUpdate(doc)), moment: {} as SentSegment["moment"], events: [] };
    for (let edit = 0; edit < 3; edit++) {
      const before = Y.encodeStateVector(doc);
      if (edit === 2 && text.length > 2) text.delete(1, 2);
      else text.insert(text.length >> 1, `${number}${edit}`);
      one.events.push([1, "m", base64(Y.encodeStateAsUpdate(doc, before))]);
    }
    sent.push(one);
  }
  const bare = new Keyframes(5);
  sent.forEach((one, number) => bare.put(number, number === 0 ? one : { ...one, document: undefined }));
  for (const number of [4, 0, 2, 3, 1]) {
    const made = bare.segment(number);
    assert.ok(made);
    const playing = new Y.Doc();
    for (const update of [made.document, ...made.before]) Y.applyUpdate(playing, update);
    assert.equal(playing.getText("f:f_main").toString(), texts[number]);
  }
  assert.equal(new Keyframes(5).segment(3), null, "nothing has come yet");
});
