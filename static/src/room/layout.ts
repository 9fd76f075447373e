import { recall, remember } from "../settings";
import type { Page } from "./page";

const STEP = 16;
const NARROW = "(max-width: 1359px)";
const SMALL = "(max-width: 999px)";
const PHONE = "(max-width: 699px)";

/** Tabs, drawers, dividers and the order in which F6 goes through the panes. */
export function mountLayout(page: Page): void {
  mountTabs(page);
  mountLowTabs(page);
  mountViews(page);
  mountDrawer(page);
  mountDividers(page);
  mountFocus(page);
}

/** Makes one tab of a tablist the chosen one and shows its panel. */
export function chooseTab(tab: HTMLElement): void {
  const list = tab.closest('[role="tablist"]');
  for (const other of list?.querySelectorAll<HTMLElement>('[role="tab"]') ?? []) {
    const on = other === tab;
    other.classList.toggle("on", on);
    other.setAttribute("aria-selected", String(on));
    other.tabIndex = on ? 0 : -1;
    const panel = other.ownerDocument.getElementById(other.getAttribute("aria-controls") ?? "");
    if (panel) panel.hidden = !on;
  }
  const pane = tab.closest<HTMLElement>(".pane");
  if (pane) pane.dataset["tab"] = tab.id.replace("tab-", "");
}

function mountTabs(page: Page): void {
  for (const list of page.host.querySelectorAll<HTMLElement>(".tabsrow[role=tablist]")) {
    const tabs = [...list.querySelectorAll<HTMLElement>('[role="tab"]')];
    for (const tab of tabs) {
      tab.addEventListener("click", () => {
        chooseTab(tab);
        page.act("chat-seen");
      });
    }
    list.addEventListener("keydown", (event) => {
      const at = tabs.indexOf(document.activeElement as HTMLElement);
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1 }[event.key];
      const tab = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
      if (!tab) return;
      event.preventDefault();
      chooseTab(tab);
      tab.focus();
      page.act("chat-seen");
    });
  }
}

function mountLowTabs(page: Page): void {
  const low = document.getElementById("low") as HTMLElement;
  const show = (which: string): void => {
    low.dataset["tab"] = which;
    for (const button of low.querySelectorAll<HTMLElement>("[data-low]")) {
      const own = button.closest(".termpane") ? "terminal" : "tests";
      button.setAttribute("aria-pressed", String(button.dataset["low"] === own));
    }
  };
  for (const button of low.querySelectorAll<HTMLElement>("[data-low]")) {
    button.addEventListener("click", () => {
      const which = button.dataset["low"] as string;
      const moves = low.dataset["tab"] !== which && window.matchMedia(NARROW).matches;
      show(which);
      if (moves) low.querySelector<HTMLElement>(`.${which === "tests" ? "testspane" : "termpane"} [data-low="${which}"]`)?.focus();
    });
  }
  page.acts.set("show-terminal", () => show("terminal"));
  page.acts.set("show-tests", () => show("tests"));
}

/** Under 700 px one pane is shown at a time. */
function mountViews(page: Page): void {
  const buttons = [...page.host.querySelectorAll<HTMLElement>("[data-view-of]")];
  const show = (view: string): void => {
    page.host.dataset["view"] = view;
    for (const button of buttons) {
      if (button.dataset["viewOf"] === view) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    const tab = document.getElementById(view === "chat" ? "tab-chat" : "tab-problem");
    if (tab && (view === "chat" || view === "problem")) chooseTab(tab);
    page.act("chat-seen");
    page.editor.remeasure();
  };
  for (const button of buttons) button.addEventListener("click", () => show(button.dataset["viewOf"] as string));
  page.acts.set("view", (source) => source && show(source.dataset["viewOf"] as string));
  showView = show;
}

let showView: (view: string) => void = () => undefined;

function mountDrawer(page: Page): void {
  const button = page.host.querySelector<HTMLElement>('[data-act="drawer"]') as HTMLElement;
  const left = document.getElementById("left") as HTMLElement;
  const set = (open: boolean): void => {
    page.host.toggleAttribute("data-drawer", open);
    button.setAttribute("aria-expanded", String(open));
  };
  page.acts.set("drawer", () => {
    const open = !page.host.hasAttribute("data-drawer");
    set(open);
    if (open) left.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
    else button.focus();
  });
  page.acts.set("open-drawer", () => set(true));
  left.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !page.host.hasAttribute("data-drawer")) return;
    set(false);
    button.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    const target = event.target as Element;
    if (page.host.hasAttribute("data-drawer") && !left.contains(target) && !button.contains(target)) set(false);
  });
}

interface Divider {
  property: string;
  axis: "x" | "y";
  /** Moving right or down makes the pane larger (1) or smaller (-1). */
  sense: 1 | -1;
  least: number;
  /** Of the window. */
  most: number;
}

const DIVIDERS: Record<string, Divider> = {
  left: { property: "--left", axis: "x", sense: 1, least: 200, most: 0.4 },
  private: { property: "--private-width", axis: "x", sense: -1, least: 220, most: 0.4 },
  low: { property: "--low", axis: "y", sense: -1, least: 96, most: 0.7 },
};

/** Pane sizes: by drag, or by arrow keys on the divider; kept on this device. */
function mountDividers(page: Page): void {
  for (const line of page.host.querySelectorAll<HTMLElement>("[data-divides]")) {
    const name = line.dataset["divides"] as string;
    const divider = DIVIDERS[name];
    const pane = document.getElementById(line.getAttribute("aria-controls") ?? "");
    if (!divider || !pane) continue;
    const size = (): number => (divider.axis === "x" ? pane.offsetWidth : pane.offsetHeight);
    const most = (): number => Math.round((divider.axis === "x" ? window.innerWidth : window.innerHeight) * divider.most);
    const tell = (): void => {
      line.setAttribute("aria-valuemin", String(divider.least));
      line.setAttribute("aria-valuemax", String(most()));
      line.setAttribute("aria-valuenow", String(Math.min(most(), Math.max(divider.least, size()))));
    };
    const set = (wanted: number, keep: boolean): void => {
      const next = Math.min(most(), Math.max(divider.least, Math.round(wanted)));
      page.host.style.setProperty(divider.property, `${next}px`);
      if (keep) remember(`room.size.${name}`, String(next));
      tell();
    };
    const kept = Number(recall(`room.size.${name}`));
    if (kept > 0) set(kept, false);
    else tell();
    window.addEventListener("resize", tell);

    line.addEventListener("keydown", (event) => {
      const back = divider.axis === "x" ? "ArrowLeft" : "ArrowUp";
      const forth = divider.axis === "x" ? "ArrowRight" : "ArrowDown";
      if (event.key !== back && event.key !== forth) return;
      event.preventDefault();
      set(size() + (event.key === forth ? STEP : -STEP) * divider.sense, true);
    });
    line.addEventListener("dblclick", () => {
      page.host.style.removeProperty(divider.property);
      remember(`room.size.${name}`, null);
      tell();
    });
    line.addEventListener("pointerdown", (down) => {
      down.preventDefault();
      line.setPointerCapture(down.pointerId);
      const begin = size();
      const from = divider.axis === "x" ? down.clientX : down.clientY;
      const move = (event: PointerEvent): void =>
        set(begin + ((divider.axis === "x" ? event.clientX : event.clientY) - from) * divider.sense, true);
      line.addEventListener("pointermove", move);
      line.addEventListener("lostpointercapture", () => line.removeEventListener("pointermove", move), { once: true });
    });
  }
}

function mountFocus(page: Page): void {
  const goProblem = (tab: string): void => {
    const phone = window.matchMedia(PHONE).matches;
    if (phone) showView(tab);
    else if (window.matchMedia(SMALL).matches) page.act("open-drawer");
    const element = document.getElementById(`tab-${tab}`);
    if (element) chooseTab(element);
    page.act("chat-seen");
    if (tab === "chat") document.getElementById("chat-text")?.focus();
    else document.getElementById("problem-panel")?.focus();
  };
  const goEditor = (): void => {
    if (window.matchMedia(PHONE).matches) showView("code");
    page.editor.focus();
  };
  const goTerminal = (): void => {
    if (window.matchMedia(PHONE).matches) showView("output");
    const low = document.getElementById("low") as HTMLElement;
    if (low.dataset["tab"] === "tests" && window.matchMedia(NARROW).matches) {
      low.querySelector<HTMLElement>(".tests")?.focus();
    } else page.terminal.focus();
  };
  const goTests = (): void => {
    if (window.matchMedia(PHONE).matches) showView("output");
    page.act("show-tests");
    page.host.querySelector<HTMLElement>(".tests")?.focus();
  };
  const goPrivate = (): void => {
    if (window.matchMedia(PHONE).matches) showView("notes");
    document.querySelector<HTMLElement>("#private .tab.on")?.focus();
  };
  page.acts.set("problem", () => goProblem("problem"));
  page.acts.set("chat", () => goProblem("chat"));
  page.acts.set("editor", goEditor);
  page.acts.set("terminal", goTerminal);

  const panes: { selector: string; go: () => void }[] = [
    { selector: "#left", go: () => goProblem(document.getElementById("left")?.dataset["tab"] ?? "problem") },
    { selector: ".editorpane", go: goEditor },
    {
      selector: "#terminal-pane",
      go: () => {
        page.act("show-terminal");
        goTerminal();
      },
    },
    { selector: "#tests-pane", go: goTests },
    ...(document.getElementById("private") ? [{ selector: "#private", go: goPrivate }] : []),
  ];
  const cycle = (by: number): void => {
    const open = panes.filter((pane) => pane.selector !== "#private" || !page.privateHidden);
    const at = open.findIndex((pane) => page.host.querySelector(pane.selector)?.contains(document.activeElement));
    open[(at < 0 ? (by > 0 ? 0 : open.length - 1) : at + by + open.length) % open.length]?.go();
  };
  page.acts.set("next-pane", () => cycle(1));
  page.acts.set("previous-pane", () => cycle(-1));
}
