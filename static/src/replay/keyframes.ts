// Segments without their documents, and documents made of those that are here. So a recording needs only its first keyframe to be
// played from a file. Once there is a chronicle of it, no document is needed any more.
import * as Y from "yjs";
import { decodeEvents, fromBase64, type Segment, type SentSegment } from "./recording";

/** As it is sent, but only the first has its document. */
export type BareSegment = Omit<SentSegment, "document"> & { document?: string };

/** All keyframes together take about this much. */
const BYTES_MAX = 40e6;

export class Keyframes {
  /** As they came; text takes less room. */
  private readonly bare: (BareSegment | string | undefined)[];
  /** The edits of a segment as one update. */
  private readonly edits: (Uint8Array | undefined)[] = [];
  private readonly documents = new Map<number, Uint8Array>();
  private doc: Y.Doc | null = null;
  /** The segment that `doc` has not played yet. */
  private next = 0;
  private kept = 0;
  private bytes = 0;

  constructor(readonly size: number) {
    this.bare = new Array<undefined>(size).fill(undefined);
  }

  /** Takes in a segment that came. */
  put(number: number, sent: BareSegment | string): void {
    if (typeof sent === "string") {
      this.bare[number] ??= sent;
      return;
    }
    const { document, ...bare } = sent;
    if (document !== undefined && (number === 0 || !this.isGrown) && !this.documents.has(number)) {
      this.documents.set(number, fromBase64(document));
    }
    this.bare[number] ??= bare;
  }

  /** A segment as it came. */
  held(number: number): BareSegment | string | undefined {
    return this.bare[number];
  }

  /** The document at Start. */
  get first(): Uint8Array | undefined {
    return this.documents.get(0);
  }

  has(number: number): boolean {
    return this.bare[number] !== undefined && (number > 0 || this.documents.has(0));
  }

  /** The segment, if it can be made by playing at most `most` others from a keyframe. */
  segment(number: number, most = Infinity): Segment | null {
    const sent = this.sent(number);
    let from = number;
    while (from >= 0 && !this.documents.has(from)) from--;
    const document = this.documents.get(from);
    if (!sent || !document || number - from > most) return null;
    const before: Uint8Array[] = [];
    for (let one = from; one < number; one++) {
      const edits = this.editsOf(one);
      if (!edits) return null;
      before.push(edits);
    }
    const { at_ms, first, edits, moment } = sent;
    return { at_ms, first, edits, document, before, moment, events: decodeEvents(sent) };
  }

  /** A segment of which only the events count: a chronicle has the text. */
  plain(number: number): Segment | null {
    const sent = this.sent(number);
    if (!sent) return null;
    const { at_ms, first, edits, moment } = sent;
    return { at_ms, first, edits, document: NOTHING, before: [], moment, events: decodeEvents(sent) };
  }

  /** Lets go of all documents. */
  release(): void {
    this.documents.clear();
    this.edits.length = 0;
  }

  get isGrown(): boolean {
    return this.next >= this.size - 1;
  }

  /** Plays one more segment and keeps a keyframe behind it where there is room for one. False: it has not come yet. */
  grow(): boolean {
    const first = this.documents.get(0);
    const edits = this.editsOf(this.next);
    if (this.isGrown || !first || !edits) return false;
    if (!this.doc) {
      this.doc = new Y.Doc();
      Y.applyUpdate(this.doc, first);
      this.bytes = first.length;
    }
    Y.applyUpdate(this.doc, edits);
    this.next++;
    this.bytes += edits.length;
    const every = Math.ceil((this.bytes * this.size) / BYTES_MAX);
    if (this.next - this.kept >= every) {
      const document = this.documents.get(this.next) ?? Y.encodeStateAsUpdate(this.doc);
      this.documents.set(this.next, document);
      this.bytes = document.length;
      this.kept = this.next;
    }
    if (this.isGrown) {
      this.doc.destroy();
      this.doc = null;
    }
    return true;
  }

  private sent(number: number): BareSegment | undefined {
    const held = this.bare[number];
    return typeof held === "string" ? (JSON.parse(held) as BareSegment) : held;
  }

  private editsOf(number: number): Uint8Array | undefined {
    const sent = this.edits[number] ? undefined : this.sent(number);
    if (sent) {
      const updates = sent.events.flatMap(([, , fact]) => (typeof fact === "string" ? [fromBase64(fact)] : []));
      this.edits[number] = updates.length > 0 ? Y.mergeUpdates(updates) : NOTHING;
    }
    return this.edits[number];
  }
}

/** The update that changes nothing. */
const NOTHING = new Uint8Array([0, 0]);
