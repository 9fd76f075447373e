import { h } from "./dom";
import type { Page } from "./page";
import { isLate } from "./late";
import { CLOSED } from "./wire";

interface Screen {
  key: string;
  title: string;
  text: string;
  actions: HTMLElement[];
  /** The member can put it aside and look at the page, which is read only. */
  closable?: boolean;
}

/** What covers the page when there is no room to be in: another tab, not let in, removed, over. */
export function mountScreens(page: Page): void {
  const { room } = page;
  const box = document.getElementById("screen") as HTMLElement;
  let shown: string | null = null;
  let aside: string | null = null;
  let left = false;
  let wasWaiting = false;

  const button = (label: string, run: () => void, primary = true): HTMLElement =>
    h("button", { class: `btn lg${primary ? " primary" : ""}`, type: "button", onclick: run }, label);
  const reload = (label: string): HTMLElement => button(label, () => location.reload());
  const lead = room.config.lead.split(" ")[0] ?? "";

  const ending = (): Screen => {
    const candidate = room.config.role === "candidate";
    const template = document.getElementById("ending");
    const links = template instanceof HTMLTemplateElement ? [...template.content.cloneNode(true).childNodes] : [];
    return {
      key: isLate(page) ? "late" : "ended",
      title: candidate ? `That was it. Thank you, ${room.config.first}.` : "The interview has ended.",
      text: candidate
        ? `${lead} will be in touch through ${room.config.client}.`
        : room.isInterviewer
          ? "The room is closed. What happened in it is in the replay."
          : "Thank you for being there.",
      actions: [
        ...(isLate(page) ? [button("Keep a copy of what was not saved", () => void page.act("keep-copy"))] : []),
        ...(candidate || room.isInterviewer ? links.filter((node): node is HTMLElement => node instanceof HTMLElement) : []),
        ...(room.welcomed ? [button("Look at the code once more", () => { aside = isLate(page) ? "late" : "ended"; draw(); }, false)] : []),
      ],
      closable: true,
    };
  };

  const current = (): Screen | null => {
    const { link, closeCode } = room.connection;
    wasWaiting ||= link === "waiting";
    if (link === "online") wasWaiting = false;
    if (left) return { key: "left", title: "You have left the room.", text: "Use your link to come back.", actions: [reload("Come back")] };
    if (link === "elsewhere") {
      return { key: "elsewhere", title: "This room is open in another tab.", text: "You can be in the room in one tab at a time.", actions: [button("Use it here", () => room.connection.takeOver())] };
    }
    if (link === "closed" && closeCode === CLOSED.signedOut) {
      return { key: "out", title: "You are signed out.", text: "Open your link again to come back into the room.", actions: [] };
    }
    if (link === "closed" && closeCode === CLOSED.notAllowed) {
      if (wasWaiting) {
        return { key: "away", title: `${lead} did not let you in.`, text: "Check that this is the right link.", actions: [reload("Try again")] };
      }
      if (!room.welcomed) {
        return { key: "outside", title: "You are not in this room.", text: "Nobody has let you in yet, or your place was taken back. Use your link, or ask your interviewer.", actions: [reload("Try again")] };
      }
      return { key: "removed", title: "You have left the room.", text: "Use your link to come back.", actions: [] };
    }
    if (link === "closed" && closeCode === CLOSED.tooLarge) {
      return { key: "large", title: "This was too large to send.", text: "What you typed is still on this page. Look at it, copy what you need, then connect again.", actions: [reload("Connect again"), button("Look at the page", () => { aside = "large"; draw(); }, false)], closable: true };
    }
    if (link === "closed" && closeCode !== CLOSED.ended) {
      return { key: "broken", title: "That did not work, and it is our fault.", text: "What you typed is kept on this device and will be sent when you connect again.", actions: [reload("Connect again")] };
    }
    const closedUnseen = closeCode === CLOSED.ended && !room.welcomed;
    if (closedUnseen || (!room.isInterviewer && (room.isOver || closeCode === CLOSED.ended))) return ending();
    if (wasWaiting && link !== "closed") {
      return { key: "waiting", title: `${lead} will let you in.`, text: "You are in the right place. This page opens by itself.", actions: [] };
    }
    return null;
  };

  const draw = (): void => {
    const screen = current();
    if (screen === null || screen.key !== aside) aside = aside === screen?.key ? aside : null;
    const key = screen && !(screen.closable && aside === screen.key) ? screen.key : null;
    if (key === shown) return;
    shown = key;
    box.hidden = key === null;
    page.host.toggleAttribute("inert", key !== null);
    if (!screen || key === null) {
      page.editor.focus();
      return;
    }
    for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) dialog.close();
    (document.getElementById("screen-title") as HTMLElement).textContent = screen.title;
    (document.getElementById("screen-text") as HTMLElement).textContent = screen.text;
    document.getElementById("screen-actions")?.replaceChildren(...screen.actions);
    box.focus();
  };
  room.changed.on(draw);
  room.connection.changed.on(draw);
  draw();

  forgetWhenOver(page);

  const leaving = page.find<HTMLFormElement>("leaveform")?.closest("dialog");
  room.changed.on(() => {
    if (room.isOver) page.find("leavewords")?.replaceChildren("What you wrote stays. Your link shows it again.");
  });
  leaving?.addEventListener("close", () => {
    if (leaving.returnValue !== "leave") return;
    leaving.returnValue = "";
    left = true;
    room.connection.leave();
    draw();
  });
}

/**
 * The browser's own copy is for a crash during the interview. When the room is closed, or the member is removed, or leaves the
 * page after the end, nothing of it stays here, unless something was never stored.
 */
function forgetWhenOver(page: Page): void {
  const { connection } = page.room;
  let forgotten = false;
  const forget = (): void => {
    if (forgotten || connection.unsaved > 0) return;
    forgotten = true;
    connection.forgetLocalCopy();
  };
  const look = (): void => {
    const out = connection.link === "closed" && (connection.closeCode === CLOSED.ended || connection.closeCode === CLOSED.notAllowed);
    if (out || page.room.state.phase === "closed") forget();
  };
  page.room.changed.on(look);
  connection.changed.on(look);
  window.addEventListener("pagehide", () => {
    if (page.room.isOver) forget();
  });
}
