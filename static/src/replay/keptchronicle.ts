// Reads the chronicle that the server keeps with a recording; written by room/replay/chronicle.py.
import * as decoding from "lib0/decoding";
import { arrange, type Hand, NEVER, type Order, type Written } from "./chronicle";

const VERSION = 1;

/** Null if it is of another version. */
export function readChronicle(bytes: Uint8Array): Written | null {
  const from = decoding.createDecoder(bytes);
  if (decoding.readVarUint(from) !== VERSION) return null;
  decoding.readVarUint(from); // how many edits it tells
  const clients: number[] = [];
  const hands: Hand[] = [];
  for (let left = decoding.readVarUint(from); left > 0; left--) {
    clients.push(decoding.readVarUint(from));
    const length = decoding.readVarUint(from);
    const born = changes(from, length);
    const gone = changes(from, length);
    // Kept as one more, and 0 for what stays.
    for (let at = 0; at < length; at++) gone[at] = gone[at] === 0 ? NEVER : (gone[at] as number) - 1;
    const low = decoding.readUint8Array(from, length);
    const high = decoding.readUint8Array(from, length);
    const units = new Uint16Array(length);
    for (let at = 0; at < length; at++) units[at] = (low[at] as number) | ((high[at] as number) << 8);
    hands.push({ length, born, gone, units });
  }
  const orders: Order[] = [];
  for (let left = decoding.readVarUint(from); left > 0; left--) {
    const id = decoding.readVarString(from);
    const runs: [number, number, number][] = [];
    const before = clients.map(() => 0);
    for (let more = decoding.readVarUint(from); more > 0; more--) {
      const by = decoding.readVarUint(from);
      const clock = (before[by] as number) + change(from);
      runs.push([by, clock, decoding.readVarUint(from)]);
      before[by] = clock;
    }
    orders.push({ id, runs });
  }
  return arrange(clients, hands, orders);
}

/** Runs of equal numbers: how many, of all runs; then how much they differ from the run before. */
function changes(from: decoding.Decoder, length: number): Uint32Array {
  const values = new Uint32Array(length);
  let at = 0;
  let value = 0;
  const counts: number[] = [];
  for (let left = decoding.readVarUint(from); left > 0; left--) counts.push(decoding.readVarUint(from));
  for (const count of counts) {
    value += change(from);
    values.fill(value, at, (at += count));
  }
  return values;
}

function change(from: decoding.Decoder): number {
  const sent = decoding.readVarUint(from);
  return sent % 2 ? -(sent + 1) / 2 : sent / 2;
}
