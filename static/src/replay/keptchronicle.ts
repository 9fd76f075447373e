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
    const raw = decoding.readUint8Array(from, 2 * length);
    const units = new Uint16Array(length);
    for (let at = 0; at < length; at++) units[at] = (raw[2 * at] as number) | ((raw[2 * at + 1] as number) << 8);
    hands.push({ length, born, gone, units });
  }
  const orders: Order[] = [];
  for (let left = decoding.readVarUint(from); left > 0; left--) {
    const id = decoding.readVarString(from);
    const runs: [number, number, number][] = [];
    for (let more = decoding.readVarUint(from); more > 0; more--) {
      runs.push([decoding.readVarUint(from), decoding.readVarUint(from), decoding.readVarUint(from)]);
    }
    orders.push({ id, runs });
  }
  return arrange(clients, hands, orders);
}

/** Runs of equal numbers: how many, and how much they differ from the run before. */
function changes(from: decoding.Decoder, length: number): Uint32Array {
  const values = new Uint32Array(length);
  let at = 0;
  let value = 0;
  for (let left = decoding.readVarUint(from); left > 0; left--) {
    const count = decoding.readVarUint(from);
    const change = decoding.readVarUint(from);
    value += change % 2 ? -(change + 1) / 2 : change / 2;
    values.fill(value, at, (at += count));
  }
  return values;
}
