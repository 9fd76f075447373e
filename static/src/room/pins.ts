import { minutesText } from "./clock";
import { h, icon } from "./dom";
import type { Page } from "./page";
import type { Pin } from "./wire";

/**
 * Pins. The moment is stored at once; then a small panel takes the focus: a digit files the pin, typing words it, Enter or
 * Escape closes and gives the focus back. There is no time limit.
 */
export class Pins {
  private readonly box: HTMLElement;
  private pin: string | null = null;
  private before: HTMLElement | null = null;
  private awaited = 0;

  constructor(private readonly page: Page) {
    const { room } = page;
    this.box = page.part("pinpop");
    page.acts.set("pin", () => void this.place());
    room.happened.on(({ e, by }) => {
      if (e.type !== "PinPlaced" || by !== room.me || this.awaited === 0) return;
      this.awaited -= 1;
      const at = minutesText(room.state.pins.at(-1)?.at_ms ?? 0, true);
      if (page.privateHidden) return;
      page.polite(`Pinned ${at}, choose 1 to ${room.state.competencies.length}`);
      this.open(e["pin"] as string);
    });
    page.watch(
      () => [room.state.pins, room.state.competencies],
      () => this.draw(),
    );
  }

  open(pin: string): void {
    this.save();
    if (this.pin === null) this.before = document.activeElement as HTMLElement | null;
    this.pin = pin;
    this.page.act("open-notes");
    this.box.replaceChildren();
    this.draw();
    this.box.scrollIntoView({ block: "nearest" });
    this.field?.focus();
  }

  private get field(): HTMLInputElement | null {
    return this.box.querySelector("input");
  }

  private get current(): Pin | null {
    return this.page.room.state.pins.find((one) => one.id === this.pin) ?? null;
  }

  private async place(): Promise<void> {
    const { room, editor } = this.page;
    this.awaited += 1;
    const file = editor.file?.id;
    const done = await room.do({ type: "PlacePin", ...(file ? { file, caret: editor.caret } : {}) });
    if (!done) this.awaited = Math.max(0, this.awaited - 1);
  }

  private draw(): void {
    const pin = this.current;
    if (!pin || pin.withdrawn) {
      this.pin = null;
      this.box.replaceChildren();
      return;
    }
    const counts = new Map<string, number>();
    for (const one of this.page.room.state.pins) {
      if (one.competency && !one.withdrawn) counts.set(one.competency, (counts.get(one.competency) ?? 0) + 1);
    }
    const rows = this.page.room.state.competencies.map(([id, title], index) => {
      const count = counts.get(id) ?? 0;
      return h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: pin.competency === id ? "on" : "", "aria-pressed": String(pin.competency === id), onclick: () => this.file(id) },
          index < 9 ? h("kbd", {}, String(index + 1)) : null,
          h("span", { class: "grow trunc" }, title),
          h("span", { class: "cnt", "aria-hidden": "true" }, ...Array.from({ length: Math.min(count, 8) }, () => h("i"))),
          h("span", { class: "vh" }, count === 1 ? "1 pin" : `${count} pins`),
        ),
      );
    });
    const kept = this.field;
    const list = h("ul", {}, ...rows);
    if (kept) {
      // The list changes while one types: the field stays, with its focus.
      const hadFocus = this.box.contains(document.activeElement) && document.activeElement !== kept;
      this.box.querySelector("ul")?.replaceWith(list);
      if (hadFocus) kept.focus();
      return;
    }
    const at = minutesText(pin.at_ms, true);
    this.box.replaceChildren(
      h(
        "div",
        { class: "pinpop", role: "group", "aria-label": `Pin at ${at}` },
        h("header", {}, h("span", { class: "pinc" }, icon("pin", "")), `Pinned ${at}`, h("span", { class: "right small faint nowrap" }, "Which competency?")),
        list,
        h("div", { class: "word" }, h("input", { class: "input", value: pin.text, maxlength: 4000, placeholder: "Note", "aria-label": "Digit files the pin; or type a note", onkeydown: (event) => this.key(event as KeyboardEvent), onblur: () => this.save() })),
        h(
          "footer",
          { class: "row tight" },
          h("span", { class: "grow" }, h("kbd", {}, "↵"), " keeps the note. ", h("kbd", {}, "Esc"), " closes."),
          h("button", { class: "btn quiet sm", type: "button", onclick: () => this.withdraw() }, "Withdraw"),
        ),
      ),
    );
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const field = event.target as HTMLInputElement;
    if (event.key === "Enter") {
      event.preventDefault();
      this.save();
      this.close();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      field.value = this.current?.text ?? "";
      this.close();
    } else if (/^[1-9]$/.test(event.key) && field.value === "" && !event.altKey && !event.ctrlKey && !event.metaKey) {
      const competency = this.page.room.state.competencies[Number(event.key) - 1];
      if (!competency) return;
      event.preventDefault();
      this.file(competency[0]);
    }
  }

  private file(competency: string): void {
    const pin = this.current;
    if (!pin) return;
    const same = pin.competency === competency;
    void this.page.room.do({ type: "FilePin", pin: pin.id, competency: same ? null : competency });
    this.field?.focus();
  }

  private save(): void {
    const pin = this.current;
    const text = this.field?.value.trim();
    if (!pin || text === undefined || text === pin.text) return;
    void this.page.room.do({ type: "WordPin", pin: pin.id, text });
  }

  private withdraw(): void {
    const pin = this.current;
    if (!pin) return;
    void this.page.room.do({ type: "WithdrawPin", pin: pin.id });
    this.close();
  }

  private close(): void {
    this.pin = null;
    const back = this.before;
    this.before = null;
    this.box.replaceChildren();
    if (back?.isConnected && back !== document.body) back.focus();
    else this.page.editor.focus();
  }
}
