// The worker beside the replay: takes segments in their order, and null at the end; then it sends the chronicle.
import { Chronicler } from "../replay/chronicler";
import type { BareSegment } from "../replay/keyframes";

const chronicler = new Chronicler();

self.addEventListener("message", ({ data }: MessageEvent<[BareSegment | string, Uint8Array?] | null>) => {
  if (data) {
    for (const _ of chronicler.take(...data));
    return;
  }
  const written = chronicler.finish();
  const lists = written ? [...written.fileOf, ...written.placeOf, ...written.files.flatMap(({ born, gone, units, by }) => [born, gone, units, by])] : [];
  self.postMessage(written, { transfer: lists.map((list) => list.buffer as ArrayBuffer) });
});
