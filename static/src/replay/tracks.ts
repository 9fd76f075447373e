// The timeline: a list for each kind of fact, the typing plot, and the playhead over all of them.
import { el, icon, part, say, svg } from "./dom";
import type { Index, Mark, Person } from "./recording";
import { axisMinutes, clockText, quietText, spokenText } from "./times";

/** Marks nearer to each other than this share of the whole are drawn once. */
const THINNEST = 0.0015;
const PLOT_HEIGHT = 56;

export interface TrackEvents {
  /** Somebody drags: many times a second. */
  drag(ms: number): void;
  /** Somebody chose a mark; evidence opens early. */
  choose(ms: number, isPin: boolean, byPointer: boolean): void;
}

export class Tracks {
  private readonly playhead: HTMLElement;
  private readonly lanes: HTMLElement;
  private pins: HTMLElement[] = [];

  constructor(
    private readonly index: Index,
    private readonly people: Map<string, Person>,
    private readonly on: TrackEvents,
  ) {
    this.lanes = part("tracks");
    this.playhead = el("div", {
      id: "playhead",
      class: "head",
      role: "slider",
      tabindex: "0",
      "aria-label": "Playhead",
      "aria-orientation": "horizontal",
      "aria-valuemin": 0,
      "aria-valuemax": Math.round(index.duration_ms / 1000),
    });
    this.playhead.append(el("b"));
    this.draw();
    this.lanes.addEventListener("pointerdown", (event) => this.grab(event));
  }

  /** Draws anew, for pins that were added. */
  draw(): void {
    const { index } = this;
    this.lanes.replaceChildren(
      el("div", { class: "headbox" }, this.playhead),
      ...this.lane("Stage", "stagelane", this.stages()),
      ...this.lane("Evidence", "", this.evidence()),
      ...this.typing(),
      ...this.lane("Runs and tests", "", this.marks((mark) => mark.kind === "run" || mark.kind === "tests", "No runs.")),
      ...this.lane(
        "Paste, show, switch",
        "",
        this.marks((mark) => ["paste", "part", "hint", "language", "file"].includes(mark.kind), "Nothing pasted, shown or switched."),
      ),
      ...this.lane("In the room", "", this.presence()),
      this.axis(index.duration_ms),
    );
    this.roving();
  }

  show(ms: number, spoken: boolean): void {
    const { duration_ms } = this.index;
    this.playhead.style.setProperty("--at", String(duration_ms ? ms / duration_ms : 0));
    if (spoken) {
      const stage = this.index.stages.findLast((one) => one.from_ms <= ms);
      this.playhead.setAttribute("aria-valuenow", String(Math.round(ms / 1000)));
      this.playhead.setAttribute("aria-valuetext", spokenText(ms) + (stage ? `, ${stage.title}` : ""));
    }
  }

  markPin(id: string | null): void {
    for (const pin of this.pins) pin.classList.toggle("at", pin.dataset["pin"] === id);
  }

  focus(): void {
    this.playhead.focus({ preventScroll: true });
  }

  get hasFocus(): boolean {
    return document.activeElement === this.playhead;
  }

  private lane(name: string, classes: string, content: HTMLElement): HTMLElement[] {
    const id = `lane-${name.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
    content.setAttribute("aria-labelledby", id);
    return [el("div", { class: "lab", id }, name), el("div", { class: `lane ${classes}` }, content)];
  }

  private x(element: HTMLElement, from: number, to?: number): HTMLElement {
    const whole = this.index.duration_ms || 1;
    element.style.setProperty("--x", `${(from / whole) * 100}%`);
    if (to !== undefined) element.style.setProperty("--w", `${((to - from) / whole) * 100}%`);
    return element;
  }

  private stages(): HTMLElement {
    const list = el("ul");
    for (const stage of this.index.stages) {
      const words = `${stage.title}, ${clockText(stage.from_ms)} to ${clockText(stage.to_ms)}`;
      const band = el("button", { type: "button", class: "band", title: words, "aria-label": words }, stage.title);
      band.addEventListener("click", (event) => this.on.choose(stage.from_ms, false, event.detail > 0));
      list.append(this.x(el("li", { class: "bandplace" }, band), stage.from_ms, stage.to_ms));
    }
    return list;
  }

  private evidence(): HTMLElement {
    const list = el("ul");
    this.pins = [];
    for (const pin of this.index.pins) {
      const words = `${clockText(pin.at_ms)}, ${pin.label || "Unfiled"}${pin.text ? `: ${pin.text}` : ""}`;
      const button = el("button", { type: "button", class: "ev pn", title: words, "aria-label": words, "data-pin": pin.id }, icon("pin"));
      button.addEventListener("click", (event) => this.on.choose(pin.at_ms, true, event.detail > 0));
      this.pins.push(button);
      list.append(this.x(el("li"), pin.at_ms));
      list.lastElementChild?.append(button);
    }
    if (this.index.pins.length === 0) list.append(el("li", { class: "none" }, "No evidence yet."));
    return list;
  }

  private marks(wanted: (mark: Mark) => boolean, none: string): HTMLElement {
    const list = el("ul");
    const last = new Map<string, number>();
    for (const mark of this.index.marks) {
      if (!wanted(mark)) continue;
      const look = `${mark.kind} ${mark.ok}`;
      const before = last.get(look);
      if (before !== undefined && mark.at_ms - before < this.index.duration_ms * THINNEST) continue;
      last.set(look, mark.at_ms);
      const by = this.people.get(mark.by)?.first;
      const words = `${clockText(mark.at_ms)}, ${mark.text}${by ? `, ${by}` : ""}`;
      const button = el("button", { type: "button", class: "ev", title: words, "aria-label": words }, markPicture(mark));
      button.addEventListener("click", (event) => this.on.choose(mark.at_ms, false, event.detail > 0));
      list.append(this.x(el("li", {}, button), mark.at_ms));
    }
    if (!list.firstChild) list.append(el("li", { class: "none" }, none));
    return list;
  }

  private typing(): HTMLElement[] {
    const { typing, quiet } = this.index;
    const height = typing ? "tall" : "";
    const label = el("div", { class: `lab ${height}`, id: "lane-typing" }, el("span", {}, typing ? "Typing" : "Quiet time"));
    const lane = el("div", { class: `lane ${height}` });
    if (typing) {
      const numbers = el("button", { type: "button", class: "linkbtn tt", "data-dialog": "typing-numbers" }, "Show numbers");
      label.append(el("span", { class: "tt" }, "per half minute"), numbers);
      lane.append(this.plot());
      this.table();
    }
    for (const span of quiet) lane.append(this.x(el("span", { class: "idle", "aria-hidden": "true" }), span.from_ms, span.to_ms));
    lane.append(el("span", { class: "vh" }, `Quiet time: ${quietText(quiet)}.`));
    return [label, lane];
  }

  private plot(): Element {
    const { typing, duration_ms } = this.index;
    if (!typing) return el("span");
    const rows = Object.entries(typing.counts).sort(([a], [b]) => this.rank(a) - this.rank(b));
    const steps = Math.max(0, ...rows.map(([, row]) => row.length));
    const most = Math.max(1, ...Array.from({ length: steps }, (_, step) => rows.reduce((sum, [, row]) => sum + (row[step] ?? 0), 0)));
    const width = (duration_ms / typing.step_ms) * 10;
    const bars = [];
    for (let step = 0; step < steps; step++) {
      let top = PLOT_HEIGHT;
      for (const [member, row] of rows) {
        const count = row[step] ?? 0;
        if (count === 0) continue;
        const height = Math.max(1.4, (count / most) * (PLOT_HEIGHT - 3));
        top -= height;
        const colour = this.people.get(member)?.colour ?? "";
        bars.push(svg("rect", { x: step * 10 + 1, y: top.toFixed(1), width: 8, height: height.toFixed(1), "data-colour": colour }));
      }
    }
    return svg(
      "svg",
      { class: "act", viewBox: `0 0 ${Math.max(1, width)} ${PLOT_HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": typing.summary },
      ...bars,
    );
  }

  /** The candidate at the bottom, then the others. */
  private rank(member: string): number {
    return this.people.get(member)?.role === "candidate" ? 0 : 1;
  }

  private table(): void {
    const { typing } = this.index;
    if (!typing) return;
    const members = Object.keys(typing.counts).sort((a, b) => this.rank(a) - this.rank(b));
    const steps = Math.max(0, ...members.map((member) => typing.counts[member]?.length ?? 0));
    const head = el("tr", {}, el("th", { scope: "col" }, "From"));
    for (const member of members) head.append(el("th", { scope: "col", class: "r" }, this.people.get(member)?.first ?? "Somebody"));
    const body = el("tbody");
    for (let step = 0; step < steps; step++) {
      const row = el("tr", {}, el("th", { scope: "row", class: "num" }, clockText(step * typing.step_ms)));
      for (const member of members) row.append(el("td", { class: "r num" }, String(typing.counts[member]?.[step] ?? 0)));
      body.append(row);
    }
    part("typing-table").replaceChildren(el("thead", {}, head), body);
    say(part("typing-summary"), typing.summary);
  }

  private presence(): HTMLElement {
    const list = el("ul");
    const members = [...this.people.values()].sort((a, b) => Number(a.role === "candidate") - Number(b.role === "candidate"));
    const shown = members.filter((person) => this.index.presence.some((one) => one.member === person.member));
    shown.forEach((person, row) => {
      const spans = this.index.presence.filter((one) => one.member === person.member);
      const words = `${person.first}: ${spans.map((one) => `${clockText(one.from_ms)} to ${clockText(one.to_ms)}`).join(", ")}`;
      const item = el("li", { class: "preslist" }, el("span", { class: "vh" }, words));
      for (const span of spans) {
        const line = el("span", { class: "pres", "data-colour": person.colour, title: words });
        line.style.setProperty("--row", String(row));
        item.append(this.x(line, span.from_ms, span.to_ms));
      }
      for (const span of this.index.offline.filter((one) => one.member === person.member)) {
        const said = `Offline ${clockText(span.from_ms)} to ${clockText(span.to_ms)}. ${person.first}’s typing in that time is here, its pace is not.`;
        const line = el("span", { class: "pres offline", "data-colour": person.colour, title: said });
        line.style.setProperty("--row", String(row));
        item.append(this.x(line, span.from_ms, span.to_ms), el("span", { class: "vh" }, said));
      }
      list.append(item);
    });
    return list;
  }

  private axis(duration: number): HTMLElement {
    const axis = el("div", { class: "axis num", "aria-hidden": "true" });
    const marks = axisMinutes(duration);
    marks.forEach((minutes, at) => axis.append(this.x(el("span", {}, at === 0 ? "0 min" : `${minutes}`), minutes * 60_000)));
    axis.append(this.x(el("span", { class: "end" }, clockText(duration)), duration));
    return axis;
  }

  /** One stop of the Tab key for each lane; arrows move inside it. */
  private roving(): void {
    for (const lane of this.lanes.querySelectorAll(".lane ul")) {
      const buttons = [...lane.querySelectorAll<HTMLButtonElement>("button")];
      buttons.forEach((button, at) => {
        button.tabIndex = at === 0 ? 0 : -1;
        button.addEventListener("keydown", (event) => {
          if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
          const way = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
          const to = event.key === "Home" ? 0 : event.key === "End" ? buttons.length - 1 : at + way;
          if (to === at && way === 0) return;
          event.preventDefault();
          event.stopPropagation();
          const next = buttons[to];
          if (!next) return;
          button.tabIndex = -1;
          next.tabIndex = 0;
          next.focus();
        });
      });
    }
  }

  private grab(event: PointerEvent): void {
    if (event.button !== 0 || (event.target as Element).closest("button")) return;
    const box = this.lanes.querySelector(".headbox")?.getBoundingClientRect();
    if (!box || event.clientX < box.left - 8) return;
    event.preventDefault();
    const move = (at: PointerEvent): void => {
      const share = Math.min(1, Math.max(0, (at.clientX - box.left) / box.width));
      this.on.drag(share * this.index.duration_ms);
    };
    const done = (): void => {
      this.lanes.removeEventListener("pointermove", move);
      this.lanes.removeEventListener("pointerup", done);
      this.lanes.removeEventListener("pointercancel", done);
    };
    this.lanes.setPointerCapture(event.pointerId);
    this.lanes.addEventListener("pointermove", move);
    this.lanes.addEventListener("pointerup", done);
    this.lanes.addEventListener("pointercancel", done);
    move(event);
    this.focus();
  }
}

const PICTURES: Record<string, string> = {
  stage: "clock", part: "eye", hint: "bulb", file: "file", language: "globe", paste: "paste", chat: "chat", note: "pencil",
  join: "people", leave: "out", pause: "pause", resume: "run", start: "record", end: "stop", undone: "back", pin: "pin",
  lead: "people", focus: "eye", away: "out",
}; // prettier-ignore

/** A bar for a run, a ring for a failed one, a square for a passed test; a picture for all else. */
export function markPicture(mark: Mark): Element {
  if (mark.kind === "run") return el("i", { class: `sq r${mark.ok === false ? " bad" : ""}` });
  if (mark.kind === "tests" || mark.kind === "hidden") {
    const look = mark.ok === undefined ? "r" : mark.ok ? "" : "f";
    return el("i", { class: `sq ${look}${mark.kind === "hidden" ? " hiddentests" : ""}` });
  }
  return icon(PICTURES[mark.kind] ?? "record");
}
