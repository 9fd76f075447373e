import { dialogById, openDialog } from "../dialogs";
import type { CodeEditor } from "./editor";
import { loadSettings } from "../settings";
import { BINDINGS, withChosen, type Binding } from "./keys";
import type { Notices } from "./notices";
import type { Room } from "./room";
import type { OutputTerminal } from "./terminal";

export type Act = (source: HTMLElement | null) => void;

/** What the parts of the room's page share. The interviewers' own script finds it on the `<live-room>` element. */
export class Page {
  /** What buttons with `data-act` and keys do. */
  readonly acts = new Map<string, Act>();
  /** The keys of this role, as they come. */
  ownBindings: readonly Binding[] = BINDINGS;
  /** Windows beside this one that hold a part of the page. */
  readonly besides: Document[] = [];
  notices!: Notices;
  editor!: CodeEditor;
  terminal!: OutputTerminal;
  /** Lets keys and buttons of another document of this page act here. */
  listenIn!: (where: Document) => void;

  constructor(
    readonly host: HTMLElement,
    readonly room: Room,
  ) {}

  /** The keys of this role, as this person has them. */
  get bindings(): readonly Binding[] {
    return withChosen(this.ownBindings, loadSettings().keys);
  }

  /** The element marked `data-part`, which the template of this role has. */
  part<T extends HTMLElement = HTMLElement>(name: string): T {
    const found = this.find<T>(name);
    if (!found) throw new Error(`The page has no part "${name}".`);
    return found;
  }

  find<T extends HTMLElement = HTMLElement>(name: string): T | null {
    for (const one of [document, ...this.besides]) {
      const found = one.querySelector<T>(`[data-part="${name}"]`);
      if (found) return found;
    }
    return null;
  }

  byId(id: string): HTMLElement | null {
    for (const one of [document, ...this.besides]) {
      const found = one.getElementById(id);
      if (found) return found;
    }
    return null;
  }

  act(name: string, source: HTMLElement | null = null): boolean {
    const act = this.acts.get(name);
    act?.(source);
    return act !== undefined;
  }

  /** Calls `render` now and whenever one of the selected values is another than before. State is never changed in place. */
  watch(select: () => readonly unknown[], render: () => void): void {
    let before: readonly unknown[] | null = null;
    const look = (): void => {
      const now = select();
      if (before !== null && now.every((value, index) => value === before?.[index])) return;
      before = now;
      render();
    };
    this.room.changed.on(look);
    look();
  }

  everySecond(render: () => void): void {
    window.setInterval(render, 1000);
  }

  polite(text: string): void {
    announce(this.part("polite"), text);
  }

  assertive(text: string): void {
    announce(this.part("assertive"), text);
  }

  dialog(id: string): HTMLDialogElement {
    const dialog = dialogById(id);
    if (!dialog) throw new Error(`The page has no dialog "${id}".`);
    return dialog;
  }

  open(id: string): void {
    openDialog(this.dialog(id));
  }

  get privateHidden(): boolean {
    const root = document.documentElement.dataset;
    return root["private"] === "hidden" || root["look"] === "candidate";
  }

  /** Whether focus time hides code, output and problem from this person now. */
  get isCurtained(): boolean {
    return this.room.config.role !== "candidate" && this.room.focusLeftMs > 0;
  }
}

function announce(region: HTMLElement, text: string): void {
  const line = document.createElement("div");
  line.textContent = text;
  region.append(line);
  while (region.childElementCount > 4) region.firstElementChild?.remove();
  window.setTimeout(() => line.remove(), 8000);
}
