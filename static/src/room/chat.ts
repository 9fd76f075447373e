import { wallText } from "./clock";
import { avatarClass, h, initials, setText } from "./dom";
import type { Refusal } from "./connection";
import type { Page } from "./page";
import type { Room } from "./room";
import type { ChatLine } from "./wire";

/** The chat: a log in its tab, the last message and the composer at the foot of the left pane. */
export function mountChat(page: Page): void {
  const { room } = page;
  const log = page.part("chatlog");
  const last = page.part("lastchat");
  const unread = page.part("unread");
  const form = page.part<HTMLFormElement>("chatform");
  const field = document.getElementById("chat-text") as HTMLTextAreaElement;
  const error = page.part("chaterror");
  let seen = -1;

  const line = (message: ChatLine): HTMLElement => chatLine(room, message);
  const count = (): void => {
    // A candidate has the last message before their eyes, at the foot of the pane.
    if (log.offsetParent !== null || last.offsetParent !== null) seen = room.state.chat.length;
    if (seen < 0 && room.welcomed) seen = room.state.chat.length;
    const fresh = Math.max(0, room.state.chat.length - Math.max(0, seen));
    unread.replaceChildren(...(fresh > 0 ? [String(fresh), h("span", { class: "vh" }, " new")] : []));
  };
  page.watch(
    () => [room.state.chat, room.people, room.welcomed],
    () => {
      const chat = room.state.chat;
      log.replaceChildren(...(chat.length > 0 ? chat.map(line) : [h("p", { class: "empty" }, "Say hello. Everyone in the room sees this.")]));
      log.scrollTop = log.scrollHeight;
      const newest = chat.at(-1);
      last.replaceChildren(...(newest ? [line(newest)] : []));
      count();
    },
  );
  page.acts.set("chat-seen", () => {
    count();
    log.scrollTop = log.scrollHeight;
  });
  room.happened.on(({ e, by }) => {
    if (e.type === "ChatSent" && by !== room.me) page.polite(`${room.first(by)}: ${e["text"] as string}`);
  });

  mountComposer(form, field, error, (text) => room.connection.do({ type: "SendChat", text }));
  page.watch(
    () => [room.isOver],
    () => field.toggleAttribute("disabled", room.isOver || room.config.role === "observer"),
  );
}

export function chatLine(room: Room, message: ChatLine): HTMLElement {
  const name = room.people[message.by]?.name ?? room.first(message.by);
  return h(
    "div",
    { class: "msg" },
    h("span", { class: avatarClass(room.colour(message.by)), "aria-hidden": "true" }, initials(name)),
    h("div", {}, h("div", { class: "who" }, h("bdi", {}, room.first(message.by)), h("span", { class: "num" }, wallText(message.wall_ms))), h("p", { class: "said", dir: "auto" }, message.text)),
  );
}

/** Enter sends, Shift Enter makes a line. What was refused stays in the field, with the reason below it. */
export function mountComposer(
  form: HTMLFormElement,
  field: HTMLTextAreaElement,
  error: HTMLElement,
  submit: (text: string) => Promise<Refusal | null>,
): void {
  const send = async (): Promise<void> => {
    const text = field.value;
    if (!text.trim()) return;
    const refusal = await submit(text);
    error.hidden = refusal === null;
    setText(error, refusal?.sentence ?? "");
    if (refusal === null && field.value === text) field.value = "";
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      void send();
    }
  });
}
