import type { Page } from "./page";

/** "Look as the candidate": puts aside what the other screen does not have, so that one can check what is on it. */
export function mountLook(page: Page): void {
  const { room } = page;
  const root = document.documentElement;
  const name = (): string => (room.candidate ? room.first(room.candidate) : "the candidate");
  const looks = (): boolean => root.dataset["look"] === "candidate";
  page.acts.set("look", () => {
    if (looks()) delete root.dataset["look"];
    else root.dataset["look"] = "candidate";
    page.host.dataset["side"] = looks() ? "candidate" : "interviewer";
    page.host.toggleAttribute("data-strip-hidden", !room.state.strip_shown);
    if (looks() && !document.activeElement?.checkVisibility()) page.editor.focus();
    page.polite(looks() ? `You look as ${name()} does. Private things are put aside.` : "Back to your own view");
    page.editor.remeasure();
    room.changed.emit();
  });
  page.notices.from(() =>
    looks()
      ? [{ key: "look", text: `This is what ${name()} sees. Nothing private is on the other screen.`, actions: [{ label: "Back to your view", run: () => void page.act("look") }] }]
      : [],
  );
}
