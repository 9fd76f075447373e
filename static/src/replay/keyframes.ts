// Keyframes of a recording that has only its first: each is made from the one before and the edits between them.
import * as Y from "yjs";
import { fromBase64, type SentSegment } from "./recording";

/** As it is sent, but only the first has its document. */
export type BareSegment = Omit<SentSegment, "document"> & { document?: string };

const KEPT_EVERY = 16;

export class Keyframes {
  /** Documents by segment: the first, every sixteenth, and the last one that was made. */
  private readonly made = new Map<number, Uint8Array>();
  private last = 0;

  constructor(private readonly segments: readonly BareSegment[]) {
    this.made.set(0, fromBase64(segments[0]?.document ?? "AAA="));
  }

  segment(number: number): SentSegment {
    const bare = this.segments[number];
    if (!bare) throw new Error(`no segment ${number}`);
    return { ...bare, document: toBase64(this.document(number)) };
  }

  private document(number: number): Uint8Array {
    let from = Math.max(...[...this.made.keys()].filter((one) => one <= number));
    const doc = new Y.Doc();
    Y.applyUpdate(doc, this.made.get(from) as Uint8Array);
    for (; from < number; from++) {
      if (from % KEPT_EVERY === 0 && !this.made.has(from)) this.made.set(from, Y.encodeStateAsUpdate(doc));
      doc.transact(() => {
        for (const [, , fact] of this.segments[from]?.events ?? []) if (typeof fact === "string") Y.applyUpdate(doc, fromBase64(fact));
      });
    }
    const document = Y.encodeStateAsUpdate(doc);
    doc.destroy();
    if (this.last % KEPT_EVERY !== 0 && this.last !== number) this.made.delete(this.last);
    this.made.set(number, document);
    this.last = number;
    return document;
  }
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}
