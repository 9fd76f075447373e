// Problem, terminal and tests as they were at a moment.
import type { OutputTerminal } from "../room/terminal";
import { failuresFirst, passed, whyFailed } from "../room/words";
import type { TestOutcome } from "../room/wire";
import { el, icon, part, say } from "./dom";
import { textOf, type Moment, type TerminalNow, type TestsNow } from "./moment";
import type { Index } from "./recording";
import { clockText } from "./times";

export class TerminalPane {
  private terminal: OutputTerminal | null = null;
  private coming: Promise<void> | null = null;
  private wanted: TerminalNow | undefined;
  private shown: TerminalNow | undefined;

  constructor(
    /** Brings the terminal, which is large. */
    private readonly load: () => Promise<typeof OutputTerminal>,
    private readonly screenReader: () => boolean,
    private readonly fileName: (file: string) => string,
    private readonly firstName: (member: string) => string,
  ) {}

  /** Called only while the pane is open: xterm needs a size. */
  show(now: TerminalNow | undefined): void {
    this.wanted = now;
    this.coming ??= this.open();
    if (this.terminal) this.draw(this.terminal, now);
  }

  private async open(): Promise<void> {
    const Terminal = await this.load();
    this.terminal = new Terminal(part("terminal"));
    this.terminal.screenReader = this.screenReader();
    this.draw(this.terminal, this.wanted);
  }

  private draw(terminal: OutputTerminal, now: TerminalNow | undefined): void {
    say(part("terminal-words"), now ? words(now, this.firstName(now.by)) : "Nothing had been run.");
    part("terminal").classList.toggle("unused", !now);
    this.sayTyped(now);
    if (now === this.shown) return;
    if (now) {
      const before = this.shown;
      const pieces = now.output ?? [];
      const had = before?.output ?? [];
      const goesOn = before?.run === now.run && before.status !== "finished" && !now.cut && had.every((piece, at) => piece === pieces[at]);
      if (!goesOn) terminal.begin(now.run, `run ${this.fileName(now.file)}`, clockText(now.at_ms));
      for (const piece of pieces.slice(goesOn ? had.length : 0)) terminal.write(now.run, textOf(piece), typeof piece === "string" ? "stdout" : piece[0]);
      if (now.status === "finished") terminal.end(now.run, now.sentence ?? "", now.cut === true);
    }
    this.shown = now;
  }

  /** The terminal shows what the program made of the keys; this says which keys they were, and whose. */
  private sayTyped(now: TerminalNow | undefined): void {
    const line = part("terminal-typed");
    const typed = now?.typed ?? [];
    line.hidden = typed.length === 0;
    say(line, typed.map(([by, text]) => `${this.firstName(by) || "Somebody"} typed ${keysInWords(text)}`).join("; "));
  }

  recolour(): void {
    this.terminal?.recolour();
  }
}

const KEYS: Record<string, string> = { "\r": "⏎", "\n": "⏎", "\t": "⇥", "\x7f": "⌫", "\b": "⌫", "\x1b": "Esc", "\x03": "Ctrl+C", "\x04": "Ctrl+D" };

/** Keys as one reads them: those without a letter have a sign, and the last ones are shown when there are many. */
export function keysInWords(text: string): string {
  const shown = [...text].map((key) => KEYS[key] ?? (key < " " ? `Ctrl+${String.fromCharCode(key.charCodeAt(0) + 64)}` : key)).join("");
  return shown.length > 200 ? `…${shown.slice(-200)}` : shown;
}

function words(now: TerminalNow, by: string): string {
  const who = by ? `${by}, ${clockText(now.at_ms)}. ` : "";
  if (now.status === "finished") return who + (now.sentence ?? "");
  return who + (now.status === "running" ? "Running" : "Waiting to run");
}

/** The last visible tests and, for those who may see them, the hidden ones. */
export class TestsPane {
  private shown: readonly (TestsNow | undefined)[] | null = null;

  show({ tests, hidden }: Moment): void {
    if (this.shown && this.shown[0] === tests && this.shown[1] === hidden) return;
    this.shown = [tests, hidden];
    const content: Node[] = [];
    if (tests) content.push(group(tests));
    else content.push(el("p", { class: "empty faint" }, "No tests had run."));
    if (hidden) content.push(el("div", { class: "hid" }, el("div", { class: "tgroup" }, icon("lock", "s"), "Hidden tests"), group(hidden)));
    part("tests").replaceChildren(...content);
    say(part("tests-words"), tests ? `${clockText(tests.at_ms)}. ${standing(tests)}` : "");
  }
}

function standing(tests: TestsNow): string {
  if (tests.status !== "finished") return tests.status === "running" ? "Testing" : "Waiting to test";
  const outcomes = tests.outcomes ?? [];
  return outcomes.length ? `${outcomes.filter((one) => passed(one)).length} of ${outcomes.length} passed` : (tests.sentence ?? "");
}

function group(tests: TestsNow): HTMLElement {
  const list = el("ul");
  if (!tests.outcomes?.length) list.append(el("li", { class: "empty faint" }, tests.sentence || standing(tests)));
  for (const outcome of failuresFirst(tests.outcomes ?? [])) list.append(line(outcome));
  return list;
}

function line(outcome: TestOutcome): HTMLElement {
  const ok = passed(outcome);
  const mark = el("span", { class: ok ? "pass" : "fail" }, icon(ok ? "check" : "cross", "s"), el("span", { class: "vh" }, ok ? "passed" : "failed"));
  const item = el("li", { class: "test" }, mark, el("span", {}, outcome.name), el("span", { class: "t" }, outcome.wall_ms ? `${outcome.wall_ms} ms` : ""));
  if (!ok) item.append(el("span", { class: "why" }, whyFailed(outcome)));
  return item;
}

export class ProblemPane {
  private count = -1;

  constructor(private readonly index: Index) {}

  show(ms: number): void {
    const parts = this.index.parts.filter((one) => one.at_ms <= ms);
    const hints = this.index.marks.filter((mark) => mark.kind === "hint" && mark.at_ms <= ms);
    const count = parts.length * 1000 + hints.length;
    if (count === this.count) return;
    this.count = count;
    if (parts.length === 0) {
      part("problem").replaceChildren(el("p", { class: "faint" }, "No part of the problem had been shown."));
      return;
    }
    const question = parts.at(-1)?.question;
    const here = parts.filter((one) => one.question === question);
    const content: Node[] = [el("h3", { class: "question" }, here[0]?.question_title ?? "")];
    for (const one of here) {
      const body = el("div", { class: "statement" });
      body.innerHTML = one.html; // made by the server from Markdown, without raw HTML
      content.push(el("section", { class: "part" }, el("h4", {}, `${one.number}. ${one.part_title}`, el("span", { class: "when num" }, clockText(one.at_ms))), body));
    }
    for (const hint of hints) content.push(el("p", { class: "hintline small dim" }, icon("bulb", "s"), `${clockText(hint.at_ms)} ${hint.text}`));
    const pane = part("problem");
    pane.replaceChildren(...content);
    // The newest part is what they were reading.
    const newest = pane.querySelector<HTMLElement>(".part:last-of-type");
    pane.scrollTop = newest && here.length > 1 ? newest.offsetTop - 8 : 0;
  }
}
