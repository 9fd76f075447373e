// The replay as one file that plays without a network: the recording is in the page, packed, and keyframes are made here.
import { startBehaviours } from "../behaviours";
import { applyTheme } from "../settings";
import { openReplay } from "../replay/page";
import { fromBase64, type Index } from "../replay/recording";
import { chroniclingHere } from "../replay/chronicler";
import type { BareSegment } from "../replay/keyframes";
import { OutputTerminal } from "../room/terminal";

interface Held {
  index: Index;
  segments: BareSegment[];
}

async function unpack(): Promise<Held> {
  const packed = document.getElementById("recording-data")?.textContent ?? "";
  const stream = new Blob([fromBase64(packed.trim()) as BlobPart]).stream().pipeThrough(new DecompressionStream("gzip"));
  return (await new Response(stream).json()) as Held;
}

applyTheme();
startBehaviours();
const held = unpack();
void openReplay({
  index: async () => (await held).index,
  segment: null,
  bare: async (number) => {
    const bare = (await held).segments[number];
    if (!bare) throw new Error(`no segment ${number}`);
    return bare;
  },
  several: () => Promise.reject(new Error("a file has all segments")),
  kept: async () => null,
  chronicling: chroniclingHere,
  terminal: async () => OutputTerminal,
  fault: "This file cannot be played. It was cut, or the browser is too old.",
});
