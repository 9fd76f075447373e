// A recording as the server sends it: an index, and segments that are fetched when they are needed.
import type { Fact, Happened, Moment } from "./moment";

export interface Person {
  member: string;
  name: string;
  first: string;
  colour: string;
  role: string;
}
export interface Stage {
  id: string;
  title: string;
  from_ms: number;
  to_ms: number;
}
export interface Span {
  from_ms: number;
  to_ms: number;
}
export interface Presence extends Span {
  member: string;
}
export interface ShownPart {
  question: string;
  part: string;
  question_title: string;
  part_title: string;
  number: number;
  at_ms: number;
  html: string;
}
export interface Pin {
  id: string;
  at_ms: number;
  by: string;
  text: string;
  competency: string | null;
  label: string;
  added: boolean;
}
export type Kind =
  | "start" | "stage" | "part" | "hint" | "file" | "language" | "run" | "tests" | "hidden" | "paste"
  | "chat" | "note" | "join" | "leave" | "pause" | "resume" | "end" | "undone" | "lead" | "focus" | "away"; // prettier-ignore
export interface Mark {
  at_ms: number;
  kind: Kind;
  by: string;
  text: string;
  ok?: boolean;
  end_ms?: number;
}
export interface Typing {
  step_ms: number;
  counts: Record<string, number[]>;
  summary: string;
}
export interface SegmentPlan {
  at_ms: number;
  first: number;
  events: number;
}
export interface Index {
  v: number;
  duration_ms: number;
  running: boolean;
  started_wall_ms: number;
  people: Person[];
  clients: Record<string, string>;
  competencies: [string, string][];
  stages: Stage[];
  parts: ShownPart[];
  pins: Pin[];
  marks: Mark[];
  quiet: Span[];
  presence: Presence[];
  offline: Presence[];
  typing: Typing | null;
  segments: SegmentPlan[];
  damaged_ms: number | null;
}

/** A segment as it is sent; an event is [ms since the one before, author, fact]. */
export interface SentSegment {
  v: number;
  at_ms: number;
  first: number;
  /** How many edits there were from Start to it. */
  edits: number;
  document: string;
  moment: Moment;
  events: [number, string, string | [string, string, string] | ({ type: string } & Record<string, unknown>)][];
}

export interface Segment {
  at_ms: number;
  /** Number of its first event, from 1. */
  first: number;
  /** How many edits there were from Start to it. */
  edits: number;
  /** A document, and the updates that make it the one before the first event. */
  document: Uint8Array;
  before: readonly Uint8Array[];
  moment: Moment;
  events: Happened[];
}

export function decodeSegment(sent: SentSegment): Segment {
  const { at_ms, first, edits, moment } = sent;
  return { at_ms, first, edits, document: fromBase64(sent.document), before: [], moment, events: decodeEvents(sent) };
}

export function decodeEvents(sent: Pick<SentSegment, "at_ms" | "events">): Happened[] {
  let at_ms = sent.at_ms;
  return sent.events.map(([after, by, fact]): Happened => {
    at_ms += after;
    const happened: Fact = typeof fact === "string" ? fromBase64(fact) : fact;
    return { at_ms, by, fact: happened };
  });
}

export function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

/** The last segment that begins at or before `ms`. */
export function segmentAt(plans: readonly SegmentPlan[], ms: number): number {
  let low = 0;
  let high = plans.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((plans[middle] as SegmentPlan).at_ms <= ms) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

/** How many of the events are not later than `ms`. */
export function eventsUntil(events: readonly Happened[], ms: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle] as Happened).at_ms <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where segments come from: the server, or a file that holds them all. */
export type Source = (number: number) => Promise<Segment>;

/** Keeps the segments that were used last. */
export class Segments {
  private readonly kept = new Map<number, Promise<Segment>>();
  private readonly ready = new Map<number, Segment>();

  constructor(
    private readonly source: Source,
    readonly size = 40,
  ) {}

  /** Forgets all; what is fetched again may come from elsewhere. */
  clear(): void {
    this.kept.clear();
    this.ready.clear();
  }

  /** The segment if it is here already. */
  at(number: number): Segment | undefined {
    return this.ready.get(number);
  }

  load(number: number): Promise<Segment> {
    const known = this.kept.get(number);
    if (known) {
      this.kept.delete(number);
      this.kept.set(number, known);
      return known;
    }
    const coming = this.source(number).then((segment) => {
      if (this.kept.has(number)) this.ready.set(number, segment);
      return segment;
    });
    coming.catch(() => this.kept.delete(number));
    this.kept.set(number, coming);
    for (const old of this.kept.keys()) {
      if (this.kept.size <= this.size) break;
      this.kept.delete(old);
      this.ready.delete(old);
    }
    return coming;
  }
}
