// A service worker for scorecards alone (its scope is /score/): an opened scorecard comes back after a reload without the server.
// The server is asked first, always; a kept page is shown only when it cannot be reached, and for three days. Whatever else the
// server answers than the page itself (signed out, deleted, signed and moved on) removes what was kept.
import { PAGES } from "../kept";

interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Worker extends EventTarget {
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
  readonly location: Location;
}

const worker = globalThis as unknown as Worker;
const DAYS_MS = 3 * 86_400_000;
const CARD = /^\/score\/i_[a-z2-7]+$/;
const BUILT = "/static/dist/";

worker.addEventListener("install", () => void worker.skipWaiting());
worker.addEventListener("activate", (event) => (event as Extendable).waitUntil(worker.clients.claim()));
worker.addEventListener("message", (event) => {
  const urls: unknown = (event as MessageEvent).data;
  if (Array.isArray(urls)) (event as Extendable).waitUntil(keep(urls.filter((url): url is string => typeof url === "string")));
});
worker.addEventListener("fetch", (event) => {
  const { request, respondWith } = event as Fetching;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== worker.location.origin) return;
  if (request.mode === "navigate" && CARD.test(url.pathname)) respondWith.call(event, page(request));
  else if (url.pathname.startsWith(BUILT)) respondWith.call(event, built(request));
});

/** What an open scorecard was made of, named by itself once it runs: the first visit came before this worker. */
async function keep(urls: string[]): Promise<void> {
  const cache = await caches.open(PAGES);
  for (const address of urls) {
    const url = new URL(address, worker.location.href);
    if (url.origin !== worker.location.origin) continue;
    if (!CARD.test(url.pathname) && !url.pathname.startsWith(BUILT)) continue;
    const answer = await fetch(address, { credentials: "same-origin", redirect: "manual" });
    if (answer.ok) await cache.put(address, answer);
  }
}

async function page(request: Request): Promise<Response> {
  const cache = await caches.open(PAGES);
  try {
    const answer = await fetch(request);
    if (!answer.ok) {
      await cache.delete(request);
      return answer;
    }
    await answer.clone().arrayBuffer(); // The server can go away in the middle of its answer too.
    await cache.put(request, answer.clone()).catch(() => undefined); // A full disk keeps nobody from the page.
    return answer;
  } catch (error) {
    // By its address alone: a reload asks with other headers than the page did when it was kept.
    const kept = await cache.match(request.url, { ignoreVary: true });
    const made = Date.parse(kept?.headers.get("date") ?? "");
    if (kept && !(Date.now() - made >= DAYS_MS)) return kept;
    if (kept) await cache.delete(request);
    throw error;
  }
}

/** Built files have their content's hash in their name, so a kept one is the right one. */
async function built(request: Request): Promise<Response> {
  const cache = await caches.open(PAGES);
  return (await cache.match(request)) ?? fetch(request);
}
