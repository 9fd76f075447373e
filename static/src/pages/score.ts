// The scorecard's page: keys, the list of one's scores, and a copy on this device while the server cannot be reached.
// Saving itself is htmx's: the form posts whenever it changes, and the answer carries the version that it became.
import { KEPT } from "../kept";
import { Moments } from "../moments";
import { recall, remember } from "../settings";

const VIEW = "room.scorecard-view";

type Saved = Record<string, string[]>;

/** Fields that belong to one page load, not to what was written. */
const PASSING = new Set(["csrf", "device", "version", "zone", "as", "name"]);

export function snapshot(form: HTMLFormElement): Saved {
  const out: Saved = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && !PASSING.has(name)) (out[name] ??= []).push(value);
  }
  return out;
}

export function restore(form: HTMLFormElement, saved: Saved): void {
  for (const field of form.elements) {
    if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement)) continue;
    if (!field.name || PASSING.has(field.name)) continue;
    const values = saved[field.name] ?? [];
    if (field instanceof HTMLInputElement && (field.type === "radio" || field.type === "checkbox")) {
      field.checked = values.includes(field.value);
    } else if (values[0] !== undefined) {
      field.value = values[0];
    }
  }
}

class Scorecard {
  private readonly key: string;
  private readonly moments: Moments;
  /** Changes so far, and how many of them went with the last request. */
  private changes = 0;
  private sent = 0;

  constructor(private readonly form: HTMLFormElement) {
    this.key = `${KEPT}${form.dataset["scorecard"] ?? ""}`;
    const zone = form.elements.namedItem("zone");
    if (zone instanceof HTMLInputElement) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
    this.moments = new Moments(form);
    for (const kind of ["input", "change"]) form.addEventListener(kind, () => this.changed());
    form.addEventListener("submit", () => remember(this.key, null));
    document.addEventListener("keydown", (event) => this.pressed(event));
    document.addEventListener("htmx:error", (event) => {
      if (event.target instanceof Node && (event.target === form || form.contains(event.target))) this.keepHere();
    });
    document.addEventListener("htmx:before:request", (event) => {
      if (event.target === form) this.sent = this.changes;
    });
    document.addEventListener("htmx:after:request", (event) => this.answered(event));
    addEventListener("online", () => this.send());
    this.comeBack();
    this.firstMistake();
  }

  private competencies(): HTMLElement[] {
    return [...this.form.querySelectorAll<HTMLElement>("[data-competency]")];
  }

  private current(): HTMLElement | undefined {
    const inside = document.activeElement?.closest<HTMLElement>("[data-competency]");
    return inside ?? this.competencies().find((section) => section.getBoundingClientRect().bottom > 80);
  }

  /** Kept here until the server has it: a page may go between a change and its answer. */
  private changed(): void {
    this.changes += 1;
    if (this.form.hasAttribute("hx-post")) remember(this.key, JSON.stringify(snapshot(this.form)));
    this.count();
  }

  private count(): void {
    let done = 0;
    for (const section of this.competencies()) {
      const chosen = section.querySelector<HTMLInputElement>('input[type="radio"]:checked');
      if (chosen) done += 1;
      const line = document.querySelector(`[data-score="${CSS.escape(section.dataset["competency"] ?? "")}"]`);
      line?.classList.toggle("done", chosen !== null);
      const shown = line?.querySelector(".v");
      if (shown) shown.textContent = chosen ? (chosen.value === "no" ? "not observed" : chosen.value) : "–";
    }
    const left = this.competencies().length - done;
    const missing = document.getElementById("missing");
    if (missing) missing.textContent = left === 0 ? "" : left === 1 ? "1 competency still needs a score. " : `${left} competencies still need a score. `;
    const total = document.getElementById("scored");
    if (total) total.textContent = `${done} of ${this.competencies().length}`;
  }

  private choose(input: HTMLInputElement | null | undefined): void {
    if (!input) return;
    input.checked = true;
    input.focus();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  private pressed(event: KeyboardEvent): void {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      const name = this.form.querySelector<HTMLInputElement>("#name");
      if (name && !name.value.trim()) name.focus();
      else this.form.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    const at = event.target;
    const isText = at instanceof HTMLTextAreaElement || at instanceof HTMLSelectElement || (at instanceof HTMLInputElement && !["radio", "checkbox"].includes(at.type));
    if (isText) return;
    const section = this.current();
    const key = event.key.toLowerCase();
    const decision = "asdf".indexOf(key);
    if (key === "j" || key === "k") this.step(key === "j" ? 1 : -1);
    else if (/^[1-7]$/.test(key)) this.choose(section?.querySelector<HTMLInputElement>(`input[type="radio"][value="${key}"]`));
    else if (key === "c") section?.querySelector<HTMLTextAreaElement>('textarea[name^="comment:"]')?.focus();
    else if (key === "e") this.addMoment(section);
    else if (key === "w") section?.querySelector<HTMLAnchorElement>(".watch")?.click();
    else if (key.length === 1 && decision >= 0) this.choose(this.form.querySelectorAll<HTMLInputElement>('input[name="decision"]')[decision]);
    else return;
    event.preventDefault();
  }

  private step(by: number): void {
    const all = this.competencies();
    const inside = document.activeElement?.closest<HTMLElement>("[data-competency]");
    const at = inside ? all.indexOf(inside) + by : 0;
    this.enter(all[Math.min(Math.max(at, 0), all.length - 1)]);
  }

  enter(next: HTMLElement | undefined): void {
    next?.dispatchEvent(new CustomEvent("room:turn", { bubbles: true }));
    const radio = next?.querySelector<HTMLInputElement>('input[type="radio"]:checked') ?? next?.querySelector<HTMLInputElement>('input[type="radio"]');
    radio?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  private addMoment(section: HTMLElement | undefined): void {
    const details = section?.querySelector<HTMLDetailsElement>("details.add");
    if (!details) return;
    details.open = true;
    details.querySelector<HTMLInputElement>("input.at")?.focus();
  }

  private send(): void {
    if (recall(this.key)) this.form.dispatchEvent(new Event("change", { bubbles: true }));
  }

  private keepHere(): void {
    remember(this.key, JSON.stringify(snapshot(this.form)));
    const line = document.getElementById("saved");
    const version = line?.querySelector("input");
    line?.replaceChildren(...(version ? [version] : []), "Saved on this device. It is sent when you are back.");
  }

  private answered(event: Event): void {
    const context: unknown = event instanceof CustomEvent ? event.detail?.ctx : undefined;
    const answer = context as { response?: { status?: number }; text?: string } | undefined;
    if (event.target === this.form && answer?.response?.status === 200) {
      remember(this.versionKey, /name="version" value="(\d+)"/.exec(answer.text ?? "")?.[1] ?? null);
      if (this.sent === this.changes) remember(this.key, null);
    }
    this.count();
  }

  /** This page was on its way while its predecessor's last words were saved: the server has newer ones than it shows. */
  private get isOvertaken(): boolean {
    const shown = document.querySelector<HTMLInputElement>("#saved input[name=version]")?.value;
    return shown !== undefined && Number(recall(this.versionKey) ?? 0) > Number(shown);
  }

  private get versionKey(): string {
    return `${this.key}.version`;
  }

  /** What was kept while the server was out of reach comes back, and is sent. */
  private comeBack(): void {
    const kept = recall(this.key);
    const isOvertaken = this.isOvertaken;
    remember(this.versionKey, null);
    if (!kept) {
      if (isOvertaken) location.reload();
      return;
    }
    try {
      const saved = JSON.parse(kept) as Saved;
      restore(this.form, saved);
      this.moments.follow(); // A moment that moved takes its tick to another name,
      restore(this.form, saved); // where it is found only now.
    } catch {
      remember(this.key, null);
      return;
    }
    this.count();
    setTimeout(() => this.send(), 1000);
  }

  private firstMistake(): void {
    const mistake = this.form.querySelector<HTMLElement>('[aria-invalid="true"]');
    const described = this.form.querySelector<HTMLElement>(".error");
    (mistake ?? described?.closest("section, .dec")?.querySelector<HTMLElement>("input"))?.focus();
  }
}

/** All competencies below each other, or one with steps back and on. The choice stays on this device. */
class OneAtATime {
  private now = 0;
  private readonly sections: HTMLElement[];
  private readonly bar = document.getElementById("turning");

  constructor(
    private readonly form: HTMLFormElement,
    private readonly enter: (section: HTMLElement | undefined) => void,
  ) {
    this.sections = [...form.querySelectorAll<HTMLElement>("[data-competency]")];
    if (!this.bar || this.sections.length < 2) return;
    this.bar.hidden = false;
    this.button("one")?.addEventListener("click", () => this.show(!this.isOne()));
    this.button("back")?.addEventListener("click", () => this.turn(-1));
    this.button("on")?.addEventListener("click", () => this.turn(1));
    form.addEventListener("room:turn", (event) => this.go(this.sections.indexOf(event.target as HTMLElement)));
    document.querySelectorAll<HTMLElement>("[data-score]").forEach((line, index) => {
      line.querySelector("a")?.addEventListener("click", () => this.go(index));
    });
    const mistake = this.sections.findIndex((section) => section.querySelector(".error"));
    this.go(Math.max(mistake, 0));
    this.show(recall(VIEW) === "one");
  }

  private button(name: string): HTMLButtonElement | null {
    return this.bar?.querySelector<HTMLButtonElement>(`[data-turn="${name}"]`) ?? null;
  }

  private isOne(): boolean {
    return this.form.classList.contains("one");
  }

  private show(one: boolean): void {
    this.form.classList.toggle("one", one);
    this.button("one")?.setAttribute("aria-pressed", String(one));
    remember(VIEW, one ? "one" : null);
    this.go(this.now);
  }

  private turn(by: number): void {
    this.enter(this.sections[this.now + by]);
  }

  private go(index: number): void {
    if (index < 0 || index >= this.sections.length) return;
    this.now = index;
    this.sections.forEach((section, at) => section.classList.toggle("now", at === index));
    const [back, on] = [this.button("back"), this.button("on")];
    if (back) back.disabled = index === 0;
    if (on) on.disabled = index === this.sections.length - 1;
    const where = this.bar?.querySelector(".where");
    if (where) where.textContent = `${index + 1} of ${this.sections.length}`;
  }
}

/** The page comes back after a reload without the server, where browsers allow it (https, or this machine). */
async function keepPage(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/score/offline.js", { scope: "/score/" });
    const { active } = await navigator.serviceWorker.ready;
    const parts = performance.getEntriesByType("resource").map((entry) => entry.name);
    active?.postMessage([location.href.split("#")[0], ...parts.filter((name) => name.includes("/static/dist/"))]);
  } catch {
    // Without it unsent text still stays on this device.
  }
}

const form = document.querySelector<HTMLFormElement>("form[data-scorecard]");
if (form) {
  const scorecard = new Scorecard(form);
  new OneAtATime(form, (section) => scorecard.enter(section));
  if (form.hasAttribute("hx-post")) void keepPage();
}
