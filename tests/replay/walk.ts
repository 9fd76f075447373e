// Plays a recording through the player's own code and prints what it shows: at the end of each segment, and at the end of
// random walks of seeks and single steps. Read by test_player.py.
//
//   node walk.mjs recording.json   {"duration_ms", "plans": [...], "segments": [...], "file": "f_…", "seeks": [[ms, …], …]}
import { readFileSync } from "node:fs";
import { Player } from "../../static/src/replay/player";
import { type Index, type Segment, Segments, type SentSegment } from "../../static/src/replay/recording";
import { Scene } from "../../static/src/replay/scene";
import { Keyframes } from "../../static/src/replay/keyframes";
import { Chronicle, type Written } from "../../static/src/replay/chronicle";
import { readChronicle } from "../../static/src/replay/keptchronicle";
import { Chronicler } from "../../static/src/replay/chronicler";
import { decodeSegment, fromBase64 } from "../../static/src/replay/recording";

const given = JSON.parse(readFileSync(process.argv[2] as string, "utf8"));
const sent = given.segments as SentSegment[];
const file = given.file as string;

const look = (scene: Scene): unknown => ({
  text: scene.text(file),
  moment: scene.moment,
  lines: scene.lineClients(file),
  carets: Object.fromEntries(
    Object.entries(scene.moment.carets ?? {}).map(([member, caret]) => [member, scene.caret(caret)?.head.index ?? null]),
  ),
});

const ends = sent.map((one) => {
  const segment = decodeSegment(one);
  const scene = new Scene();
  scene.show(segment, segment.events.length);
  return look(scene);
});

const index = {
  duration_ms: given.duration_ms,
  segments: given.plans,
  quiet: given.quiet,
  pins: [],
} as unknown as Index;

function player(): Player {
  return new Player(index, new Segments(async (number) => decodeSegment(sent[number] as SentSegment), 3), () => undefined);
}

// The other way to the same: only the first came with its document, and keyframes grow while one looks.
const frames = new Keyframes(sent.length);
for (const [number, one] of sent.entries()) {
  frames.put(number, number === 0 ? one : JSON.stringify({ ...one, document: undefined }));
}

function bare(): Player {
  frames.grow();
  return new Player(index, new Segments(async (number) => frames.segment(number) as Segment, 3), () => undefined);
}

// And the third: no document at all, but the chronicle of the whole.
function written(): Written | null {
  const chronicler = new Chronicler();
  for (const [number, { document, ...one }] of sent.entries()) {
    for (const _ of chronicler.take(number % 2 ? one : JSON.stringify(one), number === 0 ? fromBase64(document) : undefined));
  }
  return chronicler.finish();
}
const made = written();

// The server's, which is kept with a recording, says the same.
const kept = given.chronicle ? readChronicle(fromBase64(given.chronicle)) : null;
const plain = (one: Written | null): unknown => {
  if (!one) return null;
  const numbers = new Map(one.clients.map((client, at) => [client, at]));
  return {
    hands: [...one.clients].sort().map((client) => [client, ...[one.fileOf, one.placeOf].map((lists) => [...(lists[numbers.get(client) as number] ?? [])])]),
    files: one.files.map(({ id, born, gone, units, by }) => ({ id, born: [...born], gone: [...gone], units: [...units], by: [...by].map((at) => one.clients[at]) })),
  };
};
const is_kept_alike = JSON.stringify(plain(kept)) === JSON.stringify(plain(made));

function chronicled(): Player {
  const read = new Player(index, new Segments(async (number) => frames.plain(number) as Segment, 3), () => undefined);
  read.adopt(new Chronicle(made as Written));
  return read;
}

const walks = [];
for (const seeks of given.seeks as number[][]) {
  const walker = player();
  for (const [turn, ms] of seeks.entries()) {
    await walker.seek(ms);
    if (turn % 3 === 1) await walker.step(1);
    if (turn % 4 === 1) await walker.step(-1);
  }
  const last = seeks.at(-1) as number;
  await walker.seek(last);
  const straight = bare();
  await straight.seek(last);
  if (!made) {
    walks.push({ ms: last, walked: look(walker.scene), straight: look(straight.scene) });
    continue;
  }
  const read = chronicled();
  for (const [turn, ms] of seeks.entries()) {
    await read.seek(ms);
    if (turn % 5 === 2) await read.step(-1);
  }
  await read.seek(last);
  // Somebody who is in the middle of it when it comes.
  const midway = bare();
  await midway.seek(seeks.at(-2) as number);
  midway.adopt(new Chronicle(made));
  const kept = look(midway.scene);
  await midway.seek(seeks.at(-2) as number);
  walks.push({
    ms: last,
    walked: look(walker.scene),
    straight: look(straight.scene),
    read: look(read.scene),
    midway: kept,
    midway_again: look(midway.scene),
  });
}

// One edit forward and back is where it was.
const steps = [];
for (const [ms] of given.seeks as number[][]) {
  const walker = player();
  await walker.seek(ms as number);
  await walker.step(-1);
  const before = look(walker.scene);
  await walker.step(1);
  await walker.step(-1);
  steps.push({ before, again: look(walker.scene) });
}

// Playing to the end in frames, skipping quiet time.
const playing = player();
playing.speed = 32;
playing.play();
let shown = 0;
while (playing.playing && shown < 1_000_000) {
  playing.tick(1000 / 60);
  await new Promise((done) => setImmediate(done));
  shown++;
}
// At every single event of the recording both say the same, and a chronicle that plays to the end, too.
const differences: unknown[] = [];
if (made) {
  const chronicle = new Chronicle(made);
  for (const one of sent) {
    const segment = decodeSegment(one);
    const [byDocument, byChronicle] = [new Scene(), new Scene(chronicle)];
    for (let count = 0; count <= segment.events.length; count += given.every) {
      byDocument.show(segment, count);
      byChronicle.show(segment, count);
      const [left, right] = [look(byDocument), look(byChronicle)];
      if (JSON.stringify(left) !== JSON.stringify(right)) differences.push({ first: segment.first, count, left, right });
    }
  }
}
console.log(JSON.stringify({ differences: differences.slice(0, 3), is_whole: made !== null, is_kept_alike, ends, walks, steps, played: look(playing.scene), played_ms: playing.ms, frames: shown }));
