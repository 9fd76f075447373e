// Makes the chronicle: plays all edits once through Yjs, notes for each character which event brought and which took it, and reads the
// order off the document at the end. On the server's page a worker does it, so that no frame waits.
import * as Y from "yjs";
import { NEVER, NOWHERE, PREFIX, type Written, type WrittenFile } from "./chronicle";
import type { BareSegment } from "./keyframes";
import { fromBase64 } from "./recording";

/** So many edits are played at a time. */
const AT_ONCE = 100;

/** What is known of one Yjs client's characters, by clock. */
class Hand {
  born = new Uint32Array(256);
  gone = new Uint32Array(256).fill(NEVER);
  units = new Uint16Array(256);
  /** The next clock. */
  length = 0;

  grow(length: number): void {
    if (length > this.born.length) {
      const size = Math.max(length, 2 * this.born.length);
      const { born, gone, units } = this;
      this.born = new Uint32Array(size);
      this.born.set(born);
      this.gone = new Uint32Array(size).fill(NEVER);
      this.gone.set(gone);
      this.units = new Uint16Array(size);
      this.units.set(units);
    }
    this.length = length;
  }
}

/** Who makes the chronicle: a worker, or the page itself in quiet moments. */
export interface Chronicling {
  take(segment: BareSegment | string, document?: Uint8Array): Promise<void>;
  /** Null where only Yjs itself can say what a moment showed. */
  finish(): Promise<Written | null>;
}

export class Chronicler {
  private readonly doc = new Y.Doc();
  private readonly hands = new Map<number, Hand>();
  /** An edit came before what it builds on, so it did not show when it came: that is not kept here. */
  private isOdd = false;

  /** Takes the next segment, in short steps; the first comes with the document at Start. */
  *take(segment: BareSegment | string, document?: Uint8Array): Generator<void> {
    const sent = typeof segment === "string" ? (JSON.parse(segment) as BareSegment) : segment;
    if (document) this.play([[0, document]]);
    let waiting: [number, Uint8Array][] = [];
    for (const [at, [, , fact]] of sent.events.entries()) {
      if (typeof fact === "string") waiting.push([sent.first + at, fromBase64(fact)]);
      if (waiting.length < AT_ONCE) continue;
      this.play(waiting);
      waiting = [];
      yield;
    }
    this.play(waiting);
  }

  /** Null where only Yjs itself can say what a moment showed. */
  finish(): Written | null {
    if (this.isOdd) return null;
    const clients = [...this.hands.keys()];
    const numbers = new Map(clients.map((client, at) => [client, at]));
    const hands = [...this.hands.values()];
    const fileOf = hands.map((hand) => new Uint16Array(hand.length).fill(NOWHERE));
    const placeOf = hands.map((hand) => new Uint32Array(hand.length));
    const names = [...this.doc.share.keys()].filter((name) => name.startsWith(PREFIX));
    if (clients.length >= NOWHERE || names.length >= NOWHERE) return null;
    const files: WrittenFile[] = [];
    for (const name of names) {
      const text = this.doc.getText(name);
      let length = 0;
      for (let item = text._start; item; item = item.right) {
        if (!(item.content instanceof Y.ContentString || item.content instanceof Y.ContentDeleted)) return null;
        length += item.length;
      }
      const file: WrittenFile = {
        id: name.slice(PREFIX.length),
        born: new Uint32Array(length),
        gone: new Uint32Array(length),
        units: new Uint16Array(length),
        by: new Uint16Array(length),
      };
      let place = 0;
      for (let item = text._start; item; item = item.right) {
        const { client, clock } = item.id;
        const by = numbers.get(client);
        const hand = by === undefined ? undefined : hands[by];
        if (by === undefined || !hand || clock + item.length > hand.length) return null;
        const end = clock + item.length;
        file.born.set(hand.born.subarray(clock, end), place);
        file.gone.set(hand.gone.subarray(clock, end), place);
        file.units.set(hand.units.subarray(clock, end), place);
        file.by.fill(by, place, place + item.length);
        fileOf[by]?.fill(files.length, clock, end);
        for (let at = clock; at < end; at++) (placeOf[by] as Uint32Array)[at] = place++;
      }
      files.push(file);
    }
    this.doc.destroy();
    return { clients, files, fileOf, placeOf };
  }

  private play(edits: readonly [number, Uint8Array][]): void {
    this.doc.transact(() => {
      for (const [number, update] of edits) {
        this.note(number, update);
        Y.applyUpdate(this.doc, update);
        if (this.doc.store.pendingStructs || this.doc.store.pendingDs) this.isOdd = true;
      }
    });
  }

  private note(number: number, update: Uint8Array): void {
    const { structs, ds } = Y.decodeUpdate(update);
    for (const struct of structs) {
      if (struct instanceof Y.Skip) continue;
      const hand = this.hand(struct.id.client);
      const { clock } = struct.id;
      const known = hand.length;
      const end = clock + struct.length;
      if (clock > known) this.isOdd = true;
      if (end <= known) continue;
      hand.grow(end);
      hand.born.fill(number, known, end);
      const content = struct instanceof Y.Item ? struct.content : null;
      if (content instanceof Y.ContentString) {
        for (let at = known; at < end; at++) hand.units[at] = content.str.charCodeAt(at - clock);
      } else {
        hand.gone.fill(number, known, end);
      }
    }
    for (const [client, spans] of ds.clients) {
      const { gone } = this.hand(client);
      for (const { clock, len } of spans) {
        for (let at = clock; at < clock + len && at < gone.length; at++) if (gone[at] === NEVER) gone[at] = number;
      }
    }
  }

  private hand(client: number): Hand {
    let hand = this.hands.get(client);
    if (!hand) this.hands.set(client, (hand = new Hand()));
    return hand;
  }
}

/** Makes it on the page: `quiet` is awaited before each step. */
export function chroniclingHere(quiet: () => Promise<void>): Chronicling {
  const chronicler = new Chronicler();
  return {
    async take(segment, document) {
      const steps = chronicler.take(segment, document);
      do await quiet();
      while (!steps.next().done);
    },
    finish: () => Promise.resolve(chronicler.finish()),
  };
}
