// Every character that was ever in the files, in the order in which they stand, with the edit that brought it and the one that
// took it away. Yjs never changes the order of what it has placed, so one order serves all moments: the text at a moment is what has
// come by then and not gone, found in one pass over plain numbers, without a document. The server keeps it with a recording that has
// ended (room/replay/chronicle.py); `chronicler.ts` makes it for any other.
import type { CaretNow } from "./moment";

export const PREFIX = "f:";
/** Of `gone`: it stays to the end. */
export const NEVER = 0xffffffff;
/** Of `fileOf`: in no file. */
export const NOWHERE = 0xffff;

export interface Place {
  /** The file that it is in. */
  file: string;
  /** In UTF-16 units. */
  index: number;
}

/** One file; the lists have an entry for each UTF-16 unit that was ever in it. */
export interface WrittenFile {
  id: string;
  /** Number of the edit that brought it, of all since Start; 0: it was there. */
  born: Uint32Array;
  gone: Uint32Array;
  units: Uint16Array;
  /** Place of its Yjs client in `clients`. */
  by: Uint16Array;
}

export interface Written {
  clients: number[];
  files: WrittenFile[];
  /** For each client, by its clock: place in `files`, and in that file's lists. */
  fileOf: Uint16Array[];
  placeOf: Uint32Array[];
}

/** What one Yjs client wrote, by its clock. */
export interface Hand {
  length: number;
  born: Uint32Array;
  gone: Uint32Array;
  units: Uint16Array;
}

/** A file's characters in order, in runs of one client's clocks: its place in `clients`, the first clock, how many. */
export interface Order {
  id: string;
  runs: readonly (readonly [by: number, clock: number, length: number])[];
}

/** Puts what the hands wrote in order. Null if a file holds what no hand wrote. */
export function arrange(clients: number[], hands: readonly Hand[], orders: readonly Order[]): Written | null {
  const fileOf = hands.map((hand) => new Uint16Array(hand.length).fill(NOWHERE));
  const placeOf = hands.map((hand) => new Uint32Array(hand.length));
  if (clients.length >= NOWHERE || orders.length >= NOWHERE) return null;
  const files: WrittenFile[] = [];
  for (const { id, runs } of orders) {
    const length = runs.reduce((sum, run) => sum + run[2], 0);
    const file: WrittenFile = { id, born: new Uint32Array(length), gone: new Uint32Array(length), units: new Uint16Array(length), by: new Uint16Array(length) };
    let place = 0;
    for (const [by, clock, count] of runs) {
      const hand = hands[by];
      const end = clock + count;
      if (!hand || end > hand.length) return null;
      file.born.set(hand.born.subarray(clock, end), place);
      file.gone.set(hand.gone.subarray(clock, end), place);
      file.units.set(hand.units.subarray(clock, end), place);
      file.by.fill(by, place, place + count);
      fileOf[by]?.fill(files.length, clock, end);
      for (let at = clock; at < end; at++) (placeOf[by] as Uint32Array)[at] = place++;
    }
    files.push(file);
  }
  return { clients, files, fileOf, placeOf };
}

interface RelativePosition {
  item?: { client: number; clock: number } | null;
  tname?: string | null;
  assoc?: number;
}

export class Chronicle {
  private readonly files: Map<string, WrittenFile>;
  private readonly clients: Map<number, number>;

  constructor(private readonly written: Written) {
    this.files = new Map(written.files.map((file) => [file.id, file]));
    this.clients = new Map(written.clients.map((client, at) => [client, at]));
  }

  /** The text after `now` edits. */
  text(id: string, now: number): string {
    const file = this.files.get(id);
    if (!file) return "";
    const { born, gone, units } = file;
    const shown = new Uint16Array(units.length);
    let length = 0;
    for (let at = 0; at < units.length; at++) {
      if ((born[at] as number) <= now && (gone[at] as number) > now) shown[length++] = units[at] as number;
    }
    return UTF16.decode(shown.subarray(0, length));
  }

  /**
   * For each line of a file, whose Yjs client wrote most of it; 0 for an empty line at the end. The same rule as the server's
   * `authorship.lines`: most characters win, at a draw the first; an empty line is its breaker's.
   */
  lineClients(id: string, now: number): number[] {
    const file = this.files.get(id);
    if (!file) return [0];
    const { born, gone, units, by } = file;
    const lines: number[] = [];
    const counts = new Uint32Array(this.written.clients.length);
    let inLine: number[] = [];
    const end = (otherwise: number): void => {
      let best = -1;
      let most = 0;
      for (const client of inLine) {
        const count = counts[client] as number;
        if (count > most) [best, most] = [client, count];
        counts[client] = 0;
      }
      inLine = [];
      lines.push(best < 0 ? otherwise : (this.written.clients[best] as number));
    };
    for (let at = 0; at < units.length; at++) {
      if ((born[at] as number) > now || (gone[at] as number) <= now) continue;
      const unit = units[at] as number;
      const client = by[at] as number;
      if (unit === 10) end(this.written.clients[client] as number);
      else if ((unit & 0xfc00) !== 0xdc00) {
        if (counts[client] === 0) inLine.push(client);
        counts[client] = (counts[client] as number) + 1;
      }
    }
    end(0);
    return lines;
  }

  /** Where a caret's head and anchor are after `now` edits; null if its text is not there. */
  caret(caret: CaretNow, now: number): { anchor: Place; head: Place } | null {
    const head = this.place(caret.head, now);
    const anchor = caret.anchor === caret.head ? head : this.place(caret.anchor, now);
    return head && anchor && anchor.file === head.file ? { anchor, head } : null;
  }

  private place(json: string, now: number): Place | null {
    let relative: RelativePosition;
    try {
      relative = JSON.parse(json) as RelativePosition;
    } catch {
      return null;
    }
    const { item, tname, assoc = 0 } = relative;
    if (item) return this.besides(item.client, item.clock, assoc, now);
    if (!tname?.startsWith(PREFIX)) return null;
    const id = tname.slice(PREFIX.length);
    const file = this.files.get(id);
    return { file: id, index: file && assoc >= 0 ? shownBefore(file, file.units.length, now) : 0 };
  }

  private besides(client: number, clock: number, assoc: number, now: number): Place | null {
    const known = this.clients.get(client);
    if (known === undefined) return null;
    const file = this.written.files[this.written.fileOf[known]?.[clock] ?? NOWHERE];
    const place = this.written.placeOf[known]?.[clock];
    if (!file || place === undefined || (file.born[place] as number) > now) return null;
    const isBehind = assoc < 0 && (file.gone[place] as number) > now;
    return { file: file.id, index: shownBefore(file, place, now) + (isBehind ? 1 : 0) };
  }
}

/** Half of a pair alone becomes U+FFFD, as in Yjs. */
const UTF16 = new TextDecoder("utf-16le", { ignoreBOM: true });

function shownBefore({ born, gone }: WrittenFile, place: number, now: number): number {
  let count = 0;
  for (let at = 0; at < place; at++) if ((born[at] as number) <= now && (gone[at] as number) > now) count++;
  return count;
}
