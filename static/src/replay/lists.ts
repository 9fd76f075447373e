// Evidence, all events and chat, beside the code.
import { el, icon, part, say } from "./dom";
import type { Index, Mark, Person, Pin } from "./recording";
import { markPicture } from "./tracks";
import { clockText } from "./times";

const KINDS: [string, string, readonly string[]][] = [
  ["all", "All kinds", []],
  ["runs", "Runs and tests", ["run", "tests", "hidden"]],
  ["problem", "Problem and hints", ["part", "hint"]],
  ["notes", "Notes", ["note"]],
  ["files", "Files, languages, pastes", ["file", "language", "paste"]],
  ["people", "People and stages", ["join", "leave", "stage", "start", "end", "undone", "pause", "resume", "lead", "focus", "away"]],
];

export class Lists {
  private readonly chatLines: { at_ms: number; line: HTMLElement }[] = [];
  private readonly eventLines: { mark: Mark; line: HTMLElement }[] = [];
  private later: HTMLElement = el("p", { class: "later faint small" });
  private current: Element | null = null;
  private passed: string | undefined;

  constructor(
    private readonly index: Index,
    private readonly people: Map<string, Person>,
    private readonly blind: string,
    private readonly canPin: boolean,
    private readonly choose: (ms: number, isPin: boolean, byPointer: boolean) => void,
  ) {
    this.drawEvidence();
    this.drawEvents();
    this.drawChat();
    this.tabs();
  }

  drawEvidence(): void {
    const list = el("ol", { class: "evl", "aria-label": "Evidence" });
    for (const pin of this.index.pins) list.append(this.pin(pin));
    const content: Node[] = [];
    if (this.blind) content.push(el("p", { class: "banner" }, this.blind));
    if (this.index.pins.length > 0) content.push(list);
    else if (!this.blind) content.push(el("p", { class: "empty faint" }, this.canPin ? "No evidence yet. Press P where something matters." : "No evidence was put in the report."));
    part("evidence").replaceChildren(...content);
    say(part("evidence-count"), String(this.index.pins.length));
  }

  /** Marks the pin at the playhead, and keeps it, else the last one before `ms`, in view. */
  markPin(id: string | null, ms: number): void {
    const list = part("evidence");
    const passed = id ?? this.index.pins.findLast((pin) => pin.at_ms <= ms)?.id ?? this.index.pins[0]?.id;
    if (passed !== this.passed) {
      this.passed = passed;
      const line = passed === undefined ? null : list.querySelector<HTMLElement>(`[data-pin="${CSS.escape(passed)}"]`);
      if (line && !list.hidden && !list.contains(document.activeElement)) scrollInside(list, line);
    }
    const next = id === null ? null : list.querySelector(`[data-pin="${CSS.escape(id)}"]`);
    if (next === this.current) return;
    this.current?.classList.remove("cur");
    this.current?.querySelector("button")?.removeAttribute("aria-current");
    this.current = next;
    if (!next) return;
    next.classList.add("cur");
    next.querySelector("button")?.setAttribute("aria-current", "true");
  }

  show(ms: number): void {
    let later = 0;
    for (const { at_ms, line } of this.chatLines) {
      line.hidden = at_ms > ms;
      if (line.hidden) later++;
    }
    this.later.hidden = later === 0;
    say(this.later, later === 1 ? "One message later" : `${later} messages later`);
    const now = this.eventLines.findLast(({ mark }) => mark.at_ms <= ms)?.line ?? null;
    const list = part("events");
    const before = list.querySelector(".cur");
    if (before === now) return;
    before?.classList.remove("cur");
    now?.classList.add("cur");
    if (now && !list.hidden && !list.contains(document.activeElement)) scrollInside(list, now);
  }

  /** A list that was just opened shows where the playhead is. */
  private opened(panel: HTMLElement): void {
    const passed = this.passed === undefined ? null : panel.querySelector<HTMLElement>(`[data-pin="${CSS.escape(this.passed)}"]`);
    const said = this.chatLines.findLast(({ line }) => panel.contains(line) && !line.hidden)?.line;
    const line = panel.querySelector<HTMLElement>(".cur") ?? passed ?? said;
    if (!line) return;
    scrollInside(panel, line);
    // Lines that were not on the screen yet have their size only now.
    requestAnimationFrame(() => scrollInside(panel, line));
  }

  private pin(pin: Pin): HTMLElement {
    const chip = el("span", { class: "chip pin" }, icon("pin", "s"), el("span", { class: "trunc" }, pin.label || "Unfiled"));
    const who = el("span", { class: "right tiny faint nowrap" }, this.people.get(pin.by)?.first ?? "", pin.added ? ", in replay" : "");
    const time = el("button", { type: "button", class: "at", "aria-label": `Go to ${clockText(pin.at_ms)}, ${pin.label || "Unfiled"}` }, clockText(pin.at_ms));
    const line = el("li", { class: "note pinned", "data-pin": pin.id }, time, el("div", { class: "body" }, el("span", { class: "row tight" }, chip, who), pin.text));
    line.addEventListener("click", (event) => this.choose(pin.at_ms, true, event.detail > 0));
    return line;
  }

  private drawEvents(): void {
    const list = el("ol", { class: "eventlist", "aria-label": "All events" });
    for (const mark of this.index.marks) {
      if (mark.kind === "chat") continue;
      const by = this.people.get(mark.by)?.first ?? "";
      const time = el("button", { type: "button", class: "at", "aria-label": `Go to ${clockText(mark.at_ms)}` }, clockText(mark.at_ms));
      const line = el("li", { class: "note event", "data-kind": mark.kind }, time, el("div", { class: "ev-line" }, markPicture(mark), el("span", { class: "grow" }, mark.text), el("span", { class: "tiny faint" }, by)));
      line.addEventListener("click", (event) => this.choose(mark.at_ms, false, event.detail > 0));
      this.eventLines.push({ mark, line });
      list.append(line);
    }
    const filter = el("select", { class: "select", "aria-label": "Kinds of events" });
    for (const [id, name, kinds] of KINDS) {
      if (kinds.length === 0 || this.eventLines.some(({ mark }) => kinds.includes(mark.kind))) filter.append(el("option", { value: id }, name));
    }
    filter.addEventListener("change", () => {
      const kinds = KINDS.find(([id]) => id === filter.value)?.[2] ?? [];
      for (const { mark, line } of this.eventLines) line.hidden = kinds.length > 0 && !kinds.includes(mark.kind);
    });
    part("events").replaceChildren(el("div", { class: "filter" }, filter), list);
    say(part("events-count"), String(this.eventLines.length));
  }

  private drawChat(): void {
    const list = el("ol", { class: "chatlist", "aria-label": "Chat up to this moment" });
    for (const mark of this.index.marks) {
      if (mark.kind !== "chat") continue;
      const person = this.people.get(mark.by);
      const time = el("button", { type: "button", class: "at", "aria-label": `Go to ${clockText(mark.at_ms)}` }, clockText(mark.at_ms));
      const line = el("li", { class: "note" }, time, el("div", { class: "body" }, el("span", { class: "row tight small strong" }, el("span", { class: "dot", "data-colour": person?.colour ?? "" }), person?.first ?? ""), mark.text));
      line.addEventListener("click", (event) => this.choose(mark.at_ms, false, event.detail > 0));
      this.chatLines.push({ at_ms: mark.at_ms, line });
      list.append(line);
    }
    const none = this.chatLines.length === 0 ? el("p", { class: "empty faint" }, "Nobody wrote in the chat.") : null;
    part("chat").replaceChildren(...(none ? [none] : [list, this.later]));
    say(part("chat-count"), String(this.chatLines.length));
  }

  private tabs(): void {
    const tabs = [...part("side").querySelectorAll<HTMLElement>("[role=tab]")];
    const select = (tab: HTMLElement): void => {
      for (const one of tabs) {
        const on = one === tab;
        one.classList.toggle("on", on);
        one.setAttribute("aria-selected", String(on));
        one.tabIndex = on ? 0 : -1;
        const panel = document.getElementById(one.getAttribute("aria-controls") ?? "");
        if (panel) panel.hidden = !on;
        if (panel && on) this.opened(panel);
      }
    };
    tabs.forEach((tab, at) => {
      tab.addEventListener("click", () => select(tab));
      tab.addEventListener("keydown", (event) => {
        const way = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (!way) return;
        event.preventDefault();
        event.stopPropagation();
        const next = tabs[(at + way + tabs.length) % tabs.length] as HTMLElement;
        select(next);
        next.focus();
      });
    });
  }
}

function scrollInside(box: HTMLElement, line: HTMLElement): void {
  const top = line.offsetTop - box.offsetTop;
  if (top < box.scrollTop || top + line.offsetHeight > box.scrollTop + box.clientHeight) {
    box.scrollTop = top - box.clientHeight / 3;
  }
}
