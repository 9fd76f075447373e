// The replay on the server's page: index and segments are fetched, the terminal's code only when somebody opens it.
import type { Chronicling } from "../replay/chronicler";
import { openReplay } from "../replay/page";
import { readChronicle } from "../replay/keptchronicle";
import type { Index, SentSegment } from "../replay/recording";
import type { Written } from "../replay/chronicle";
import type { OutputTerminal } from "../room/terminal";

const { address = "", query = "", terminal = "", chronicle = "", kept: keptAddress = "" } = (document.getElementById("replay") as HTMLElement).dataset;

/** Nothing is kept while an interview runs, and of a recording from another site. */
async function kept(): Promise<Written | null> {
  if (!keptAddress) return null;
  const response = await fetch(`${keptAddress}${query}`, { credentials: "same-origin" });
  const isOne = response.status === 200 && response.headers.get("Content-Type")?.includes("room.chronicle");
  return isOne ? readChronicle(new Uint8Array(await response.arrayBuffer())) : null;
}

async function fetched(url: string): Promise<Response> {
  const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
  // Whoever may not look any more is sent on to a page that says so.
  if (!response.ok || !response.headers.get("Content-Type")?.includes("json")) throw new Error(`${response.status}`);
  return response;
}

/** A worker makes the chronicle. Where it cannot run there is none, and moments are made one by one. */
function chronicling(): Chronicling {
  const worker = new Worker(chronicle, { type: "module" });
  let end: (written: Written | null) => void;
  const written = new Promise<Written | null>((done) => (end = done));
  worker.addEventListener("message", ({ data }: MessageEvent<Written | null>) => end(data));
  worker.addEventListener("error", () => end(null));
  return {
    take: async (...segment) => worker.postMessage(segment),
    finish: async () => {
      worker.postMessage(null);
      const made = await written;
      worker.terminate();
      return made;
    },
  };
}

void openReplay({
  index: async () => (await fetched(`${address}/index.json${query}`)).json() as Promise<Index>,
  segment: async (number) => (await fetched(`${address}/segments/${number}${query}`)).json() as Promise<SentSegment>,
  bare: async (number) => (await fetched(`${address}/segments/${number}${query}${query ? "&" : "?"}bare`)).text(),
  several: async (number) => (await (await fetched(`${address}/bare/${number}${query}`)).text()).split("\n"),
  kept,
  chronicling,
  terminal: async () => ((await import(terminal)) as { OutputTerminal: typeof OutputTerminal }).OutputTerminal,
  fault: "The recording could not be loaded. Check your connection.",
});
