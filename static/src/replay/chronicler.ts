// Makes the chronicle: plays all edits once through Yjs, notes for each character which edit brought and which took it, and reads the
// order off the document at the end. On the server's page a worker does it, so that no frame waits.
import * as Y from "yjs";
import { arrange, type Hand, NEVER, type Order, PREFIX, type Written } from "./chronicle";
import type { BareSegment } from "./keyframes";
import { fromBase64 } from "./recording";

/** So many edits are played at a time. */
const AT_ONCE = 100;

class GrowingHand implements Hand {
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
  private readonly hands = new Map<number, GrowingHand>();
  /** An edit came before what it builds on, so it did not show when it came: that is not kept here. */
  private isOdd = false;

  /** Takes the next segment, in short steps; the first comes with the document at Start. */
  *take(segment: BareSegment | string, document?: Uint8Array): Generator<void> {
    const sent = typeof segment === "string" ? (JSON.parse(segment) as BareSegment) : segment;
    if (document) this.play([[0, document]]);
    let waiting: [number, Uint8Array][] = [];
    let number = sent.edits;
    for (const [, , fact] of sent.events) {
      if (typeof fact === "string") waiting.push([++number, fromBase64(fact)]);
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
    const orders: Order[] = [];
    for (const name of this.doc.share.keys()) {
      if (!name.startsWith(PREFIX)) continue;
      const runs: [number, number, number][] = [];
      for (let item = this.doc.getText(name)._start; item; item = item.right) {
        const by = numbers.get(item.id.client);
        if (by === undefined || !(item.content instanceof Y.ContentString || item.content instanceof Y.ContentDeleted)) return null;
        runs.push([by, item.id.clock, item.length]);
      }
      orders.push({ id: name.slice(PREFIX.length), runs });
    }
    this.doc.destroy();
    return arrange(clients, [...this.hands.values()], orders);
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

  private hand(client: number): GrowingHand {
    let hand = this.hands.get(client);
    if (!hand) this.hands.set(client, (hand = new GrowingHand()));
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
