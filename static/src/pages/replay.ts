// The replay on the server's page: index and segments are fetched, the terminal's code only when somebody opens it.
import { openReplay } from "../replay/page";
import type { Index, SentSegment } from "../replay/recording";
import type { OutputTerminal } from "../room/terminal";

const { address = "", query = "", terminal = "" } = (document.getElementById("replay") as HTMLElement).dataset;

async function fetched(url: string): Promise<Response> {
  const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${response.status}`);
  return response;
}

void openReplay({
  index: async () => (await fetched(`${address}/index.json${query}`)).json() as Promise<Index>,
  segment: async (number) => (await fetched(`${address}/segments/${number}${query}`)).json() as Promise<SentSegment>,
  bare: async (number) => (await fetched(`${address}/segments/${number}${query}${query ? "&" : "?"}bare`)).text(),
  terminal: async () => ((await import(terminal)) as { OutputTerminal: typeof OutputTerminal }).OutputTerminal,
  fault: "The recording could not be loaded. Check your connection.",
});
