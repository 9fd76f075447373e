// The desk and the pages of interviews: the new-interview form that shows everybody's time and fills itself from a pasted line,
// the upcoming list that keeps itself fresh, and the few single keys of these pages.
import { toast } from "../toast";

const REFRESH_MS = 20_000;

async function partial(address: string): Promise<string | null> {
  try {
    const response = await fetch(address, { headers: { accept: "text/html" } });
    return response.ok ? await response.text() : null;
  } catch {
    return null; // offline: the page stays as it is
  }
}

function fieldOf(form: HTMLFormElement, name: string): HTMLInputElement | HTMLSelectElement | null {
  const field = form.elements.namedItem(name);
  return field instanceof HTMLInputElement || field instanceof HTMLSelectElement ? field : null;
}

/** Shows the typed time in all zones; the newest answer wins. */
function watchTimes(form: HTMLFormElement): () => void {
  let asked = 0;
  return () => {
    const shown = form.querySelector<HTMLElement>("[data-preview]");
    if (!shown) return;
    const question = new URLSearchParams();
    for (const name of ["client", "template", "candidate", "candidate_zone", "day", "time", "except"]) {
      question.set(name, fieldOf(form, name)?.value ?? "");
    }
    const mine = ++asked;
    void partial(`/interviews/preview?${question}`).then((html) => {
      if (html !== null && mine === asked) shown.innerHTML = html;
    });
  };
}

async function readLine(form: HTMLFormElement, text: string): Promise<boolean> {
  const response = await fetch(`/interviews/shorthand?${new URLSearchParams({ text })}`);
  if (!response.ok) return false;
  const said = (await response.json()) as Record<string, string>;
  if (!said["candidate"]) return false;
  const values = { ...said, candidate_zone: said["candidate_zone_city"] ?? "" };
  for (const [name, value] of Object.entries(values)) {
    const field = fieldOf(form, name);
    if (field && value) field.value = value;
  }
  return true;
}

async function create(form: HTMLFormElement): Promise<void> {
  if (form.getAttribute("aria-busy") === "true") return; // pressed twice
  form.setAttribute("aria-busy", "true");
  try {
    await send(form);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

async function send(form: HTMLFormElement): Promise<void> {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) body.append(name, String(value));
  const response = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json, text/html" } });
  if (response.status === 422) {
    const holder = document.createElement("div");
    holder.innerHTML = await response.text();
    const answered = holder.querySelector("form");
    if (!answered) return;
    form.replaceWith(answered);
    startForm(answered);
    answered.querySelector<HTMLElement>("[aria-invalid]")?.focus();
    return;
  }
  if (!response.ok) {
    form.submit(); // the server's own page says what is wrong
    return;
  }
  const made = (await response.json()) as { href: string; link: string };
  try {
    await navigator.clipboard.writeText(made.link);
    sessionStorage.setItem("room.said", "Link copied");
  } catch {
    sessionStorage.setItem("room.said", "The interview is made. Copy its link here.");
  }
  location.assign(made.href);
}

function startForm(form: HTMLFormElement): void {
  const show = watchTimes(form);
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement && event.target.name === "client") {
      const isNew = event.target.value === "new";
      form.querySelector("[data-new-client]")?.toggleAttribute("hidden", !isNew);
    }
    show();
  });
  const candidate = fieldOf(form, "candidate");
  candidate?.addEventListener("paste", () => {
    // After the paste has arrived in the field.
    setTimeout(() => void readLine(form, candidate.value).then((filled) => filled && show()));
  });
  candidate?.addEventListener("change", () => void readLine(form, candidate.value).then((filled) => filled && show()));
  if (form.matches("[data-new-interview]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void create(form);
    });
  }
  show();
}

/** The list keeps itself fresh, also behind another tab: there the title says that somebody waits. */
function keepFresh(section: HTMLElement, address: string): void {
  const title = document.title;
  const sayWaiting = (): void => {
    const who = section.querySelector("[data-waiting]")?.textContent ?? "";
    document.title = who ? `${who} · ${title}` : title;
  };
  let had = "";
  const refresh = (): void => {
    void partial(address).then((html) => {
      // Not under somebody's hands; it is drawn the next time. What the browser made of the text is no measure of change.
      if (html === null || html === had || section.contains(document.activeElement)) return;
      had = html;
      section.innerHTML = html;
      sayWaiting();
    });
  };
  sayWaiting();
  setInterval(refresh, REFRESH_MS);
  document.addEventListener("visibilitychange", () => !document.hidden && refresh());
}

/** The time in the heading goes on while the desk lies open. */
function keepTime(): void {
  for (const shown of document.querySelectorAll<HTMLElement>("[data-clock]")) {
    const clock = new Intl.DateTimeFormat("en-GB", { timeZone: shown.dataset["clock"] ?? "UTC", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    setInterval(() => {
      const time = clock.format(new Date());
      if (shown.textContent !== time) shown.textContent = time;
    }, 5_000);
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, select, textarea"));
}

const GO: Record<string, string> = { d: "/desk", i: "/interviews", q: "/questions", c: "/clients", s: "/scorecards" };
const GO_WITHIN_MS = 1_500;

function startKeys(): void {
  let wentAt = -Infinity;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const place = event.timeStamp - wentAt < GO_WITHIN_MS ? GO[event.key] : undefined;
    wentAt = event.key === "g" ? event.timeStamp : -Infinity;
    if (place !== undefined) {
      event.preventDefault();
      location.assign(place);
      return;
    }
    if (event.key === "j" || event.key === "k") {
      const links = [...document.querySelectorAll<HTMLElement>("[data-row] a")];
      const at = links.indexOf(document.activeElement as HTMLElement);
      const next = links[event.key === "j" ? Math.min(at + 1, links.length - 1) : Math.max(at - 1, 0)];
      next?.focus();
      return;
    }
    const link = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
  });
}

/** Copying an invitation is also told to the server, which then calls it sent. */
function startCopies(): void {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-also-post]") : null;
    const address = button?.dataset["alsoPost"];
    if (!address) return;
    void fetch(address, { method: "POST", headers: { "X-CSRF": button.dataset["csrf"] ?? "" }, keepalive: true });
  });
}

for (const form of document.querySelectorAll<HTMLFormElement>("[data-new-interview], [data-move]")) startForm(form);
for (const section of document.querySelectorAll<HTMLElement>("[data-refresh]")) keepFresh(section, section.dataset["refresh"] ?? "");
keepTime();
startKeys();
startCopies();
const said = sessionStorage.getItem("room.said");
if (said) {
  sessionStorage.removeItem("room.said");
  toast(said);
}
