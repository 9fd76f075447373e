// The lobby's checks: does a request and a socket get through, does the code runner answer, can this browser do the work.
// The first request also says that a browser has opened the link; a mail scanner that only fetches the page says nothing.

const SOCKET_WAIT_MS = 6_000;

const main = document.querySelector<HTMLElement>("[data-join]");
const words: string[] = [];

function say(check: string, state: "well" | "bad", text: string): void {
  const row = document.querySelector<HTMLElement>(`[data-check="${check}"]`);
  if (!row) return;
  row.dataset["state"] = state;
  const said = row.querySelector<HTMLElement>("[data-said]");
  if (said) said.textContent = text;
}

function explain(sentence: string): void {
  words.push(sentence);
  const place = document.querySelector<HTMLElement>("[data-check-words]");
  if (place) place.textContent = words.join(" ");
}

function socketGetsThrough(): Promise<number> {
  const address = new URL("/join/echo", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const socket = new WebSocket(address);
    const timer = setTimeout(() => {
      socket.close();
      reject(new Error("no answer"));
    }, SOCKET_WAIT_MS);
    socket.onmessage = () => {
      clearTimeout(timer);
      socket.close();
      resolve(performance.now() - began);
    };
    socket.onerror = () => {
      clearTimeout(timer);
      reject(new Error("refused"));
    };
  });
}

async function checkConnection(): Promise<void> {
  try {
    const took = await socketGetsThrough();
    say("connection", "well", `${Math.max(1, Math.round(took))} ms`);
  } catch {
    say("connection", "bad", "blocked");
    explain("Your network lets this page through, but not the live connection. Try another network, or a browser without a proxy.");
  }
}

async function checkRunner(join: string): Promise<void> {
  try {
    const response = await fetch(`${join}/checked`, { method: "POST" });
    const { runner } = (await response.json()) as { runner: boolean };
    if (runner) {
      say("runner", "well", "ready");
      return;
    }
  } catch {
    // said below
  }
  say("runner", "bad", "no answer");
  explain("The code runner does not answer. You can enter; we keep trying.");
}

function browserName(): string {
  const agent = navigator.userAgent;
  for (const [mark, name] of [["Edg/", "Edge"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]] as const) {
    if (agent.includes(mark)) return name;
  }
  return "this browser";
}

function checkBrowser(): void {
  const canAll =
    "structuredClone" in window && CSS.supports("selector(:has(a))") && CSS.supports("color", "color-mix(in srgb, red, blue)");
  say("browser", canAll ? "well" : "bad", browserName());
  if (!canAll) {
    explain("Some keys may not work in this browser. Firefox, Chrome, Safari or Edge from the last two years are fine.");
  }
}

/** A clock of another zone than the one that the times are shown in: whoever planned may have chosen the wrong city. */
function compareClocks(): void {
  const place = document.querySelector<HTMLElement>("[data-starts]");
  const said = place?.querySelector<HTMLElement>("[data-other-clock]");
  if (!place || !said) return;
  const starts = Number(place.dataset["starts"]);
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const read = (timeZone: string): string =>
    new Intl.DateTimeFormat("en-GB", { weekday: "long", hour: "2-digit", minute: "2-digit", timeZone }).format(starts);
  try {
    if (read(own) === read(place.dataset["zone"] ?? own)) return;
  } catch {
    return; // A zone that this browser does not know.
  }
  const [day, time] = [read(own).replace(/,? *\d.*$/, ""), read(own).replace(/^\D*/, "")];
  const city = own.split("/").pop()?.replaceAll("_", " ") ?? own;
  said.textContent = `This computer’s clock is set to ${city}. By that clock it is ${day}, ${time}.`;
  said.hidden = false;
}

const join = main?.dataset["join"];
compareClocks();
if (join) {
  checkBrowser();
  void checkConnection();
  void checkRunner(join);
}
