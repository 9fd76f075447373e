// The replay on the server's page: index and segments are fetched, the terminal's code only when somebody opens it.
import { openReplay } from "../replay/page";
import type { Index, SentSegment } from "../replay/recording";
import type { OutputTerminal } from "../room/terminal";

const { address = "", query = "", terminal = "" } = (document.getElementById("replay") as HTMLElement).dataset;

async function fetchJson<T>(url: string): Promise<T> {
  const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${response.status}`);
  return (await response.json()) as T;
}

void openReplay({
  index: () => fetchJson<Index>(`${address}/index.json${query}`),
  segment: (number) => fetchJson<SentSegment>(`${address}/segments/${number}${query}`),
  terminal: async () => ((await import(terminal)) as { OutputTerminal: typeof OutputTerminal }).OutputTerminal,
  fault: "The recording could not be loaded. Check your connection.",
});
