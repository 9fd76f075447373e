// The state at a place of the recording: the segment's keyframe with the first `count` of its events on it. Nothing else
// has a say, so every way to a place shows the same. Once the chronicle is here, the text comes from it, without a document: it says
// the same of every moment.
import * as Y from "yjs";
import { type Chronicle, type Place, PREFIX } from "./chronicle";
import { advance, caretOfEdit, type CaretNow, type FileNow, type Happened, type Moment } from "./moment";
import type { Segment } from "./recording";

export class Scene {
  private segment: Segment | null = null;
  private doc = new Y.Doc();
  private applied = 0;
  /** How many edits there were from Start to here. */
  private edits = 0;
  moment: Moment = {};
  /** Counts what was shown; changes whenever something may look different. */
  version = 0;

  constructor(private chronicle: Chronicle | null = null) {}

  /** From now on texts come from the chronicle. */
  adopt(chronicle: Chronicle): void {
    this.chronicle = chronicle;
    this.doc.destroy();
    this.doc = new Y.Doc();
  }

  /** Another scene that reads where this one does. */
  another(): Scene {
    return new Scene(this.chronicle);
  }

  show(segment: Segment, count: number): void {
    if (segment !== this.segment && this.isAtEndBefore(segment)) this.goOn(segment);
    if (segment !== this.segment || count < this.applied) this.rewind(segment);
    if (count === this.applied) return;
    // Of a stretch of edits only each person's last one says where their caret is.
    const last = new Map<string, number>();
    for (let index = count - 1; index >= this.applied; index--) {
      const happened = segment.events[index] as Happened;
      if (happened.fact instanceof Uint8Array && !last.has(happened.by) && caretOfEdit(happened.fact)) last.set(happened.by, index);
    }
    this.doc.transact(() => {
      for (let index = this.applied; index < count; index++) {
        const happened = segment.events[index] as Happened;
        const isEdit = happened.fact instanceof Uint8Array;
        if (isEdit) this.edits++;
        if (isEdit && !this.chronicle) Y.applyUpdate(this.doc, happened.fact as Uint8Array);
        if (!isEdit || last.get(happened.by) === index) this.moment = advance(this.moment, happened);
      }
    });
    this.applied = count;
    this.version++;
  }

  /** Everything before `segment` is applied: its keyframe would be the document that is here. */
  private isAtEndBefore(segment: Segment): boolean {
    const here = this.segment;
    return here !== null && here.first + here.events.length === segment.first && this.applied === here.events.length;
  }

  private goOn(segment: Segment): void {
    this.segment = segment;
    this.edits = segment.edits;
    this.moment = segment.moment;
    this.applied = 0;
    this.version++;
  }

  private rewind(segment: Segment): void {
    if (!this.chronicle) {
      this.doc.destroy();
      this.doc = new Y.Doc();
      this.doc.transact(() => {
        for (const update of [segment.document, ...segment.before]) Y.applyUpdate(this.doc, update);
      });
    }
    this.goOn(segment);
  }

  get files(): FileNow[] {
    return (this.moment.files ?? []).filter((file) => file.deleted !== true);
  }

  text(file: string): string {
    return this.chronicle ? this.chronicle.text(file, this.edits) : this.shared(file).toString();
  }

  /** For each line of a file, whose Yjs client wrote most of it; 0 for an empty line at the end. */
  lineClients(file: string): number[] {
    return this.chronicle ? this.chronicle.lineClients(file, this.edits) : lineClients(this.shared(file));
  }

  /** Where a caret's head and anchor are now; null if its text is gone. */
  caret(caret: CaretNow): { anchor: Place; head: Place } | null {
    if (this.chronicle) return this.chronicle.caret(caret, this.edits);
    const head = this.place(caret.head);
    const anchor = caret.anchor === caret.head ? head : this.place(caret.anchor);
    return head && anchor && anchor.file === head.file ? { anchor, head } : null;
  }

  private place(relative: string): Place | null {
    let absolute: Y.AbsolutePosition | null;
    try {
      absolute = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(JSON.parse(relative)), this.doc);
    } catch {
      return null; // a position of a text that is not in this document
    }
    if (!absolute) return null;
    for (const [name, type] of this.doc.share) {
      if (type === absolute.type && name.startsWith(PREFIX)) return { file: name.slice(PREFIX.length), index: absolute.index };
    }
    return null;
  }

  private shared(file: string): Y.Text {
    return this.doc.getText(PREFIX + file);
  }
}

/** The same rule as the server's `authorship.lines`: most characters win, at a draw the first; an empty line is its breaker's. */
export function lineClients(text: Y.Text): number[] {
  const lines: number[] = [];
  const counts = new Map<number, number>();
  const count = (client: number, string: string, from: number, to: number): void => {
    let characters = to - from;
    for (let index = from; index < to; index++) if ((string.charCodeAt(index) & 0xfc00) === 0xdc00) characters--;
    if (characters > 0) counts.set(client, (counts.get(client) ?? 0) + characters);
  };
  const most = (otherwise: number): number => {
    let best = otherwise;
    let bestCount = 0;
    for (const [client, count] of counts) {
      if (count > bestCount) [best, bestCount] = [client, count];
    }
    return best;
  };
  for (let item = text._start; item; item = item.right) {
    if (item.deleted || !(item.content instanceof Y.ContentString)) continue;
    const client = item.id.client;
    const string = item.content.str;
    let from = 0;
    for (let end = string.indexOf("\n"); end >= 0; end = string.indexOf("\n", from)) {
      count(client, string, from, end);
      lines.push(most(client));
      counts.clear();
      from = end + 1;
    }
    count(client, string, from, string.length);
  }
  lines.push(most(0));
  return lines;
}
