import { chatLine, mountComposer } from "./chat";
import { h } from "./dom";
import { chooseTab } from "./layout";
import type { Page } from "./page";

/** The chat between interviewers, on the private side. */
export function mountTeamChat(page: Page): void {
  const { room } = page;
  const log = page.part("teamlog");
  const unread = page.part("teamunread");
  const field = page.part<HTMLTextAreaElement>("teamtext");
  let seen = -1;

  const count = (): void => {
    const all = room.state.team_chat.length;
    if (log.checkVisibility() || (seen < 0 && room.welcomed)) seen = all;
    const fresh = Math.max(0, all - Math.max(0, seen));
    unread.replaceChildren(...(fresh > 0 ? [String(fresh), h("span", { class: "vh" }, " new")] : []));
  };
  page.watch(
    () => [room.state.team_chat, room.people, room.welcomed],
    () => {
      const lines = room.state.team_chat;
      log.replaceChildren(...(lines.length > 0 ? lines.map((one) => chatLine(room, one)) : [h("p", { class: "empty" }, "Only interviewers read this.")]));
      log.scrollTop = log.scrollHeight;
      count();
    },
  );
  page.byId("tab-team")?.addEventListener("click", count);
  room.happened.on(({ e, by }) => {
    if (e.type === "TeamChatSent" && by !== room.me && !page.privateHidden) page.polite(`${room.first(by)}, to interviewers only: ${e["text"] as string}`);
  });
  mountComposer(page.part<HTMLFormElement>("teamform"), field, page.part("teamerror"), (text) =>
    room.connection.do({ type: "SendTeamChat", text }),
  );
  field.disabled = false;
  page.acts.set("team", () => {
    if (page.privateHidden) return;
    page.act("open-private");
    const tab = page.byId("tab-team");
    if (tab) chooseTab(tab);
    count();
    field.focus();
  });
}
