// Where the playhead is and how it moves. No page in here: time comes in with `tick`, and what changed goes out through
// `onChange`.
import type { Chronicle } from "./chronicle";
import type { Happened } from "./moment";
import { eventsUntil, type Index, type Pin, segmentAt, type Segment, type Segments } from "./recording";
import { Scene } from "./scene";

export const SPEEDS = [0.5, 1, 2, 4, 8, 32] as const;
/** Evidence opens this much earlier. */
export const LEAD_MS = 10_000;
/** Of a quiet gap, this much is played at its beginning and its end. */
const QUIET_EDGE_MS = 1500;

export class Player {
  readonly scene = new Scene();
  ms = 0;
  playing = false;
  speed = 1;
  skipsQuiet = true;
  /** A segment is on its way. */
  waiting = false;
  /** A segment could not be fetched. */
  failed = false;
  private segment = 0;
  private count = 0;
  private wish = 0;

  constructor(
    readonly index: Index,
    private readonly segments: Segments,
    private readonly onChange: () => void,
  ) {}

  get duration(): number {
    return this.index.duration_ms;
  }

  clamp(ms: number): number {
    return Number.isFinite(ms) ? Math.min(Math.max(0, ms), this.duration) : 0;
  }

  /** Shows the moment `ms`; the latest wish wins while segments are on their way. */
  async seek(ms: number): Promise<void> {
    const to = this.clamp(ms);
    this.ms = to;
    const number = segmentAt(this.index.segments, to);
    const segment = await this.fetch(number);
    if (segment) this.show(number, segment, eventsUntil(segment.events, to));
  }

  /** One edit on (1) or back (-1), whatever the clock says: edits may share a millisecond. */
  async step(way: 1 | -1): Promise<void> {
    this.playing = false;
    let number = this.segment;
    let segment = await this.fetch(number);
    let from = this.count;
    while (segment) {
      const found = way > 0 ? nextEdit(segment.events, from) : previousEdit(segment.events, from);
      if (found !== null) {
        const at = (segment.events[found] as Happened).at_ms;
        if (at > this.duration) break;
        this.ms = at;
        // Forward: with the edit. Back: before it.
        this.show(number, segment, way > 0 ? found + 1 : found);
        return;
      }
      number += way;
      if (number < 0 || number >= this.index.segments.length) break;
      segment = await this.fetch(number);
      from = way > 0 ? 0 : (segment?.events.length ?? 0);
    }
    this.onChange();
  }

  /** The whole recording is here: texts come from its chronicle, segments need no documents. */
  adopt(chronicle: Chronicle): void {
    this.segments.clear();
    this.scene.adopt(chronicle);
  }

  play(): void {
    if (this.ms >= this.duration) this.ms = 0;
    this.playing = this.duration > 0;
    void this.seek(this.ms);
  }

  pause(): void {
    this.playing = false;
    this.onChange();
  }

  /** Lets `elapsed` milliseconds of the viewer's time pass. */
  tick(elapsed: number): void {
    if (!this.playing || this.waiting) return;
    let to = this.ms + elapsed * this.speed;
    if (this.skipsQuiet) to = this.pastQuiet(to);
    if (to >= this.duration) {
      to = this.duration;
      this.playing = false;
    }
    void this.seek(to);
    const ahead = segmentAt(this.index.segments, to) + 1;
    if (ahead < this.index.segments.length && !this.segments.at(ahead)) this.segments.load(ahead).catch(() => undefined);
  }

  changeSpeed(way: 1 | -1): void {
    const at = SPEEDS.indexOf(this.speed as (typeof SPEEDS)[number]);
    this.speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + way))] ?? 1;
    this.onChange();
  }

  /** The pin before or after the playhead; evidence opens ten seconds early. */
  pin(way: 1 | -1): Pin | undefined {
    const opens = (pin: Pin): number => Math.max(0, pin.at_ms - LEAD_MS);
    return way > 0
      ? this.index.pins.find((pin) => opens(pin) > this.ms + 1)
      : this.index.pins.findLast((pin) => opens(pin) < this.ms - 1000);
  }

  private pastQuiet(ms: number): number {
    for (const span of this.index.quiet) {
      const ends = span.to_ms - QUIET_EDGE_MS;
      if (ms > span.from_ms + QUIET_EDGE_MS && ms < ends) return ends;
    }
    return ms;
  }

  private async fetch(number: number): Promise<Segment | null> {
    const wish = ++this.wish;
    const here = this.segments.at(number);
    if (here) {
      this.waiting = false;
      return here;
    }
    this.waiting = true;
    this.onChange();
    try {
      const segment = await this.segments.load(number);
      if (wish !== this.wish) return null;
      this.waiting = false;
      this.failed = false;
      return segment;
    } catch {
      if (wish !== this.wish) return null;
      this.waiting = false;
      this.failed = true;
      this.playing = false;
      this.onChange();
      return null;
    }
  }

  private show(number: number, segment: Segment, count: number): void {
    this.segment = number;
    this.count = count;
    this.scene.show(segment, count);
    this.onChange();
  }
}

function nextEdit(events: readonly Happened[], from: number): number | null {
  for (let index = from; index < events.length; index++) {
    if ((events[index] as Happened).fact instanceof Uint8Array) return index;
  }
  return null;
}

function previousEdit(events: readonly Happened[], from: number): number | null {
  for (let index = from - 1; index >= 0; index--) {
    if ((events[index] as Happened).fact instanceof Uint8Array) return index;
  }
  return null;
}
