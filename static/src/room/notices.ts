import { h, setText } from "./dom";
import type { Page } from "./page";

export interface Notice {
  key: string;
  text: string;
  actions?: { label: string; run: () => void; primary?: boolean }[];
  /** Ready-made links, as the template gives them. */
  links?: DocumentFragment;
  tone?: "plain" | "problem";
}

const PROBLEM_MS = 10_000;

/** The lines between top bar and panes: who waits, who is not here, what was refused. A line keeps its buttons while its words change. */
export class Notices {
  private readonly sources: (() => Notice[])[] = [];
  private readonly shown = new Map<string, HTMLElement>();
  private readonly box: HTMLElement;
  private problem: { text: string; until: number } | null = null;
  private told: { key: string; text: string; until: number; actions: NonNullable<Notice["actions"]> } | null = null;
  private tellings = 0;

  constructor(private readonly page: Page) {
    this.box = page.part("notices");
    this.from(() =>
      this.problem && performance.now() < this.problem.until
        ? [{ key: "problem", text: this.problem.text, tone: "problem", actions: [{ label: "Close", run: () => this.closeProblem() }] }]
        : [],
    );
    this.from(() => {
      const told = this.told;
      if (!told || performance.now() >= told.until) return [];
      const close = { label: "Close", run: () => this.closeTold() };
      return [{ key: told.key, text: told.text, actions: [...told.actions, close] }];
    });
    this.from(() =>
      Object.entries(page.room.storage).map(([about, sentence]) => ({ key: `storage-${about}`, text: sentence, tone: "problem" as const })),
    );
    page.watch(
      () => [page.room.storage],
      () => Object.values(page.room.storage).forEach((sentence) => page.polite(sentence)),
    );
    page.room.changed.on(() => this.draw());
    page.everySecond(() => this.draw());
    page.room.refused.on(({ sentence }) => this.say(sentence));
  }

  from(source: () => Notice[]): void {
    this.sources.push(source);
    this.draw();
  }

  /** Why something was not done. It stays for ten seconds or until it is closed. */
  say(text: string): void {
    this.problem = { text, until: performance.now() + PROBLEM_MS };
    this.page.assertive(text);
    this.draw();
  }

  /** What was asked for or has happened, said and shown for ten seconds. */
  tell(text: string, actions: NonNullable<Notice["actions"]> = []): void {
    this.tellings += 1;
    this.told = { key: `told-${this.tellings}`, text, until: performance.now() + PROBLEM_MS, actions };
    this.page.polite(text);
    this.draw();
  }

  private closeTold(): void {
    this.told = null;
    this.draw();
  }

  draw(): void {
    const notices = this.sources.flatMap((source) => source());
    const keys = new Set(notices.map((notice) => notice.key));
    let hadFocus = false;
    for (const [key, element] of this.shown) {
      if (keys.has(key)) continue;
      hadFocus ||= element.contains(document.activeElement);
      element.remove();
      this.shown.delete(key);
    }
    for (const notice of notices) {
      const known = this.shown.get(notice.key);
      if (known) {
        setText(known.firstElementChild as Element, notice.text);
        continue;
      }
      const actions = (notice.actions ?? []).map((action) =>
        h("button", { class: `btn sm${action.primary ? " primary" : ""}`, type: "button", onclick: () => action.run() }, action.label),
      );
      const line = h(
        "div",
        { class: `banner notice-line${notice.tone === "problem" ? " problem" : ""}`, "data-key": notice.key },
        h("span", { class: "grow" }, notice.text),
        ...actions,
      );
      if (notice.links) line.append(notice.links);
      this.shown.set(notice.key, line);
      this.box.append(line);
    }
    // Whoever answered a notice by keyboard goes on with the next one, or with the code.
    if (hadFocus) (this.box.querySelector<HTMLElement>("button, a") ?? document.getElementById("editor"))?.focus();
  }

  private closeProblem(): void {
    this.problem = null;
    this.draw();
  }
}
