// One's own moments on the scorecard: other words, another competency, withdrawn, brought back. Everything is a field of the
// page's form, so it is saved, kept on the device and compared between devices as all else on the page.

/** A pause in typing after which the words of a moment are sent: each sending is one line of the moment's history. */
const PAUSE_MS = 2500;

export class Moments {
  private typing = 0;
  private isMoving = false;

  constructor(private readonly form: HTMLFormElement) {
    form.addEventListener("click", (event) => this.clicked(event));
    form.addEventListener("input", (event) => this.wrote(event), { capture: true });
    form.addEventListener("change", (event) => this.changed(event), { capture: true });
    document.addEventListener("htmx:after:swap", () => this.ready());
    this.ready();
  }

  private ready(): void {
    for (const button of this.form.querySelectorAll<HTMLElement>("[data-edit][hidden]")) button.hidden = false;
  }

  /** After fields were filled from elsewhere: every moment reads, and stands, as its fields say. */
  follow(): void {
    for (const line of this.form.querySelectorAll<HTMLElement>("[data-moment]")) this.draw(line);
  }

  private clicked(event: Event): void {
    const at = event.target instanceof Element ? event.target : null;
    const line = at?.closest<HTMLElement>("[data-moment]");
    if (!line) return;
    if (at?.closest("[data-edit]")) this.open(line, line.querySelector<HTMLElement>(".edit")?.hidden === true);
    else if (at?.closest("[data-done]")) this.open(line, false);
    else if (at?.closest("[data-out]")) this.turn(line);
  }

  private open(line: HTMLElement, open: boolean): void {
    const editor = line.querySelector<HTMLElement>(".edit");
    const button = line.querySelector<HTMLElement>("[data-edit]");
    if (!editor || !button) return;
    editor.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) line.querySelector<HTMLElement>("textarea")?.focus();
    else button.focus();
  }

  private turn(line: HTMLElement): void {
    const out = box(line, "pin_out:");
    if (!out) return;
    out.checked = !out.checked;
    this.send(line);
  }

  private wrote(event: Event): void {
    const line = edited(event);
    if (!line) return;
    event.stopPropagation(); // Not at every key, as a comment is.
    touch(line);
    clearTimeout(this.typing);
    this.typing = window.setTimeout(() => this.send(line), PAUSE_MS);
  }

  private changed(event: Event): void {
    const line = edited(event);
    if (!line) return;
    clearTimeout(this.typing);
    touch(line);
    this.draw(line);
  }

  private send(line: HTMLElement): void {
    touch(line);
    this.draw(line);
    this.form.dispatchEvent(new Event("change", { bubbles: true }));
  }

  private draw(line: HTMLElement): void {
    const out = box(line, "pin_out:")?.checked === true;
    const words = line.querySelector<HTMLElement>(".words");
    const text = line.querySelector<HTMLTextAreaElement>("textarea")?.value.trim() ?? "";
    if (words && (touched(line) || words.textContent === "")) words.textContent = text || "Marked without words.";
    line.classList.toggle("gone", out);
    const button = line.querySelector<HTMLElement>("[data-out]");
    if (button) button.textContent = out ? "Bring back" : "Withdraw";
    const evidence = box(line, "evidence:");
    if (out && evidence) evidence.checked = false;
    this.place(line);
  }

  /** Under the competency that it is filed under; a withdrawn one stays where it was. */
  private place(line: HTMLElement): void {
    if (this.isMoving || !touched(line) || line.classList.contains("gone")) return;
    const filed = line.querySelector<HTMLSelectElement>("select")?.value ?? "";
    const list = document.getElementById(`evs-${filed || "unfiled"}`);
    if (!list || line.parentElement === list) return;
    const active = document.activeElement;
    // A field that is moved while it has the focus tells of its change in the middle of the move, and that would move it.
    const held = active instanceof HTMLElement && line.contains(active) ? active : null;
    this.isMoving = true;
    held?.blur();
    this.isMoving = false;
    const evidence = box(line, "evidence:");
    const id = line.dataset["moment"] ?? "";
    const copy = [...(list.closest(".comp")?.querySelectorAll<HTMLInputElement>("input[name^='evidence:']") ?? [])].find((one) => one.value === id);
    if (evidence) {
      evidence.checked = filed !== "" && (evidence.checked || copy?.checked === true || evidence.name === "evidence:");
      evidence.name = `evidence:${filed}`;
    }
    copy?.closest("li")?.remove(); // The same moment under “Use another moment”.
    const after = [...list.children].find((one) => time(one) > time(line));
    list.insertBefore(line, after ?? null);
    const loose = document.getElementById("loose");
    if (loose) loose.hidden = loose.querySelector("li") === null;
    held?.focus();
  }
}

function edited(event: Event): HTMLElement | null {
  const at = event.target instanceof Element ? event.target : null;
  return at?.closest(".edit") ? at.closest<HTMLElement>("[data-moment]") : null;
}

function box(line: HTMLElement, name: string): HTMLInputElement | null {
  return line.querySelector<HTMLInputElement>(`input[type="checkbox"][name^="${name}"]`);
}

function touched(line: HTMLElement): boolean {
  return line.querySelector<HTMLInputElement>('input[name="pin"]')?.checked === true;
}

function touch(line: HTMLElement): void {
  const named = line.querySelector<HTMLInputElement>('input[name="pin"]');
  if (named) named.checked = true;
}

function time(line: Element): number {
  return (line.querySelector(".num")?.textContent ?? "").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}
