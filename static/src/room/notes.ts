import { minutesText } from "./clock";
import { h, icon, setText } from "./dom";
import { keysOf, keyText, onMac } from "./keys";
import type { Page } from "./page";
import { signWords } from "./signs";
import type { Pins } from "./pins";
import type { Note, Pin } from "./wire";

/** Private notes and pins in the order of the interview, and the line that adds a note. */
export function mountNotes(page: Page, pins: Pins): void {
  mountList(page, pins);
  mountLine(page);
}

function emptyWords(page: Page): string {
  const keys = keyText(keysOf("pin", page.bindings), onMac());
  return `Only interviewers see this. ${keys ? `Press ${keys} to save a moment.` : "Pin a moment to save it."}`;
}

function mountList(page: Page, pins: Pins): void {
  const { room } = page;
  const list = page.part("notes");
  // Signs are told as they come; the replay keeps them all.
  let signs: { at: number; words: string }[] = [];
  room.happened.on(({ e, by, at_ms }) => {
    const words = signWords(room.first(by), e);
    if (words === null) return;
    signs = [...signs, { at: at_ms, words }];
    room.changed.emit();
  });
  page.watch(
    () => [room.state.notes, room.state.pins, room.state.competencies, room.people, signs],
    () => {
      const lines = [
        ...room.state.notes.map((note) => ({ at: note.at_ms, element: noteLine(page, note) })),
        ...signs.map(({ at, words }) => ({ at, element: h("div", { class: "note sign" }, h("span", { class: "at" }, minutesText(at, true)), h("div", { class: "body faint" }, words)) })),
        ...room.state.pins.map((pin) => ({ at: pin.at_ms, element: pinLine(page, pins, pin) })),
      ].sort((a, b) => a.at - b.at);
      const scroll = list.parentElement as HTMLElement;
      const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
      const focused = (document.activeElement as HTMLElement | null)?.dataset["pin"];
      list.replaceChildren(
        ...(lines.length > 0
          ? lines.map((line) => line.element)
          : [h("p", { class: "empty" }, emptyWords(page))]),
      );
      if (focused) list.querySelector<HTMLElement>(`[data-pin="${focused}"]`)?.focus();
      if (atEnd) scroll.scrollTop = scroll.scrollHeight;
    },
  );
}

export function competencyTitle(page: Page, id: string | null): string | null {
  return page.room.state.competencies.find(([one]) => one === id)?.[1] ?? null;
}

function noteLine(page: Page, note: Note): HTMLElement {
  const title = competencyTitle(page, note.competency);
  return h(
    "div",
    { class: "note" },
    h("span", { class: "at" }, minutesText(note.at_ms, true)),
    h("div", { class: "body" }, title && h("span", {}, h("span", { class: "chip line" }, title)), h("p", { class: "said", dir: "auto" }, note.text), by(page, note.by)),
  );
}

function by(page: Page, member: string): HTMLElement | null {
  return member === page.room.me ? null : h("span", { class: "tiny faint" }, page.room.first(member));
}

function pinLine(page: Page, pins: Pins, pin: Pin): HTMLElement {
  const { room } = page;
  const title = competencyTitle(page, pin.competency);
  if (pin.withdrawn) {
    return h(
      "div",
      { class: "note withdrawn" },
      h("span", { class: "at" }, minutesText(pin.at_ms, true)),
      h(
        "div",
        { class: "row tight" },
        h("span", { class: "grow faint small" }, `Withdrawn: ${title ?? "unfiled pin"}`),
        h("button", { class: "btn quiet sm", type: "button", "data-pin": pin.id, onclick: () => void room.do({ type: "RestorePin", pin: pin.id }) }, "Restore"),
      ),
    );
  }
  return h(
    "div",
    { class: "note pinned" },
    h("span", { class: "at" }, minutesText(pin.at_ms, true)),
    h(
      "div",
      { class: "body" },
      h(
        "span",
        { class: "row tight" },
        h("span", { class: title ? "chip pin" : "chip line" }, icon("pin"), title ?? "Unfiled"),
        h("button", {
          class: "btn quiet sm change",
          type: "button",
          "data-pin": pin.id,
          "aria-label": `Change the pin at ${minutesText(pin.at_ms, true)}`,
          onclick: () => pins.open(pin.id),
        }, icon("more")),
      ),
      pin.text && h("p", { class: "said", dir: "auto" }, pin.text),
      by(page, pin.by),
    ),
  );
}

function mountLine(page: Page): void {
  const { room } = page;
  const form = page.part<HTMLFormElement>("noteform");
  const field = document.getElementById("note-text") as HTMLInputElement;
  const offers = page.part("offers");
  const error = page.part("noteerror");
  let competency: string | null = null;
  let chosen = 0;

  offers.id = "note-offers";
  offers.setAttribute("role", "listbox");
  offers.setAttribute("aria-label", "Competencies");
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", offers.id);
  field.setAttribute("aria-expanded", "false");
  const tag = h("button", { class: "chip line tag", type: "button", hidden: true, onclick: () => setCompetency(null) });
  form.prepend(tag);

  const setCompetency = (id: string | null): void => {
    competency = id;
    const title = competencyTitle(page, id);
    tag.hidden = title === null;
    tag.replaceChildren(title ?? "", icon("cross"));
    tag.setAttribute("aria-label", `${title ?? ""}, remove`);
    field.focus();
  };
  const matching = (): [string, string][] => {
    const typed = /#([^#]*)$/.exec(field.value)?.[1];
    if (typed === undefined) return [];
    return room.state.competencies.filter(([, title]) => title.toLowerCase().includes(typed.trim().toLowerCase()));
  };
  const draw = (): void => {
    const found = matching();
    chosen = Math.min(chosen, Math.max(0, found.length - 1));
    offers.hidden = found.length === 0;
    field.setAttribute("aria-expanded", String(!offers.hidden));
    offers.replaceChildren(
      ...found.map(([id, title], index) =>
        h("li", { role: "option", id: `offer-${index}`, "aria-selected": String(index === chosen), onmousedown: (event) => { event.preventDefault(); take(id); } }, title),
      ),
    );
    if (found.length > 0) field.setAttribute("aria-activedescendant", `offer-${chosen}`);
    else field.removeAttribute("aria-activedescendant");
  };
  const take = (id: string): void => {
    field.value = field.value.replace(/\s*#[^#]*$/, "");
    setCompetency(id);
    draw();
  };
  const send = async (): Promise<void> => {
    const text = field.value.trim();
    if (!text) return;
    const refusal = await room.connection.do({ type: "AddNote", text, ...(competency ? { competency } : {}) });
    error.hidden = refusal === null;
    setText(error, refusal?.sentence ?? "");
    if (refusal === null) {
      field.value = "";
      setCompetency(null);
    }
  };
  field.addEventListener("input", draw);
  field.addEventListener("blur", () => {
    offers.hidden = true;
    field.setAttribute("aria-expanded", "false");
  });
  field.addEventListener("keydown", (event) => {
    const found = offers.hidden ? [] : matching();
    if (found.length > 0 && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length;
      draw();
    } else if (found.length > 0 && (event.key === "Enter" || event.key === "Tab")) {
      event.preventDefault();
      const one = found[chosen];
      if (one) take(one[0]);
    } else if (event.key === "Escape") {
      if (found.length > 0) offers.hidden = true;
      else page.editor.focus();
    } else if (event.key === "Backspace" && field.value === "" && competency) {
      setCompetency(null);
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  field.disabled = false; // Until here Enter would have gone nowhere.
  page.acts.set("note", () => {
    if (page.privateHidden) return;
    page.act("open-notes");
    field.focus();
  });
  page.everySecond(() => {
    const at = room.state.started_wall_ms === null ? "" : ` at ${minutesText(room.atMs, true)}`;
    if (document.activeElement !== field) field.placeholder = `Private note${at}`;
  });
}
