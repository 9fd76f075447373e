import { minutesText, wallText } from "./clock";
import { h, setText } from "./dom";
import type { Page } from "./page";

const MINUTES = [5, 10] as const;

/**
 * Focus time: the candidate works unwatched for some minutes. Everybody else sees a curtain over code, output and problem; the
 * recording goes on, and both sides are told.
 */
export function mountFocusTime(page: Page): void {
  if (page.room.config.role === "candidate") mountForCandidate(page);
  else mountCurtain(page);
}

function endText(page: Page): string {
  return wallText(page.room.wallMs + page.room.focusLeftMs);
}

function mountForCandidate(page: Page): void {
  const { room } = page;
  page.notices.from(() => (room.focusLeftMs > 0 ? [{ key: "focus", text: `Nobody watches the code until ${endText(page)}. Recording goes on.` }] : []));
  sayChanges(page, () => `Nobody watches the code until ${endText(page)}. Recording goes on.`, "The others see the code again.");
}

/** Once when it begins and once when it ends, by its time or before. */
function sayChanges(page: Page, begun: () => string, ended: string): void {
  let was: boolean | null = null;
  const look = (): void => {
    if (!page.room.welcomed) return;
    const is = page.room.focusLeftMs > 0;
    if (is && was !== true) page.polite(begun());
    if (!is && was === true) page.polite(ended);
    was = is;
  };
  page.room.changed.on(look);
  page.everySecond(look);
}

function mountCurtain(page: Page): void {
  const { room } = page;
  const name = (): string => (room.candidate ? room.first(room.candidate) : "The candidate");
  const time = h("span", { class: "num" });
  const until = h("p", {});
  const title = h("h2", { id: "curtain-title" });
  const end = room.isInterviewer ? h("button", { class: "btn", type: "button", onclick: () => void room.do({ type: "EndFocus" }) }, "End it now") : null;
  const curtain = h("section", { class: "curtain", "aria-labelledby": "curtain-title", tabindex: -1, hidden: true }, h("div", { class: "box" }, title, until, h("p", { class: "dim" }, time, " left"), end));
  page.host.querySelector("main")?.append(curtain);

  const draw = (): void => {
    const down = page.isCurtained;
    if (down) {
      setText(title, `${name()} works unwatched`);
      setText(until, `Code, output and problem are covered until ${endText(page)}. Recording goes on, and ${name()} knows both.`);
      setText(time, minutesText(room.focusLeftMs + 999));
    }
    if (down === !curtain.hidden) return;
    curtain.hidden = !down;
    page.host.toggleAttribute("data-curtain", down);
    for (const id of ["left", "mid"]) document.getElementById(id)?.toggleAttribute("inert", down);
    if (down && !page.byId("private")?.contains(document.activeElement)) curtain.focus();
    else if (!down && (document.activeElement === document.body || curtain.contains(document.activeElement))) page.editor.focus();
    page.editor.remeasure();
  };
  room.changed.on(draw);
  page.everySecond(draw);
  sayChanges(page, () => `${name()} works unwatched until ${endText(page)}`, "Focus time is over");
  draw();
}

/** The buttons in the clock's menu. */
export function mountFocusButtons(page: Page): void {
  const { room } = page;
  const box = page.part("focusbuttons");
  page.watch(
    () => [room.state.phase, room.state.focus_until_ms, room.candidate, room.people],
    () => {
      const name = room.candidate ? room.first(room.candidate) : "the candidate";
      const runs = room.state.phase === "running" || room.state.phase === "paused";
      const close = (): void => document.getElementById("clock-menu")?.hidePopover();
      const button = (label: string, command: { type: string; minutes?: number }): HTMLElement =>
        h("button", { type: "button", disabled: !runs, onclick: () => { close(); void room.do(command); } }, label);
      box.replaceChildren(
        ...(room.focusLeftMs > 0
          ? [button("End focus time", { type: "EndFocus" })]
          : MINUTES.map((minutes) => button(`${minutes} minutes unwatched for ${name}`, { type: "StartFocus", minutes }))),
      );
    },
  );
}
