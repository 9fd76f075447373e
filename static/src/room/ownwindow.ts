import type { Page } from "./page";

/**
 * The private side in a window of its own, so that the room's window can be shared. The column itself moves there: one
 * connection, one set of notes. It comes back when either window closes.
 */
export function mountOwnWindow(page: Page): void {
  const side = page.byId("private") as HTMLElement;
  const place = document.createComment("private side");
  let beside: Window | null = null;

  const back = (): void => {
    const window_ = beside;
    if (!window_) return;
    beside = null;
    const at = page.besides.indexOf(window_.document);
    if (at >= 0) page.besides.splice(at, 1);
    place.replaceWith(side);
    delete document.documentElement.dataset["beside"];
    window_.close();
    page.editor.remeasure();
  };
  page.acts.set("bring-back", back);
  page.acts.set("own-window", () => {
    if (beside) {
      beside.focus();
      return;
    }
    const opened = window.open("", "room-private", "popup,width=380,height=820");
    if (!opened) {
      page.notices.say("The browser did not open a window. Allow windows for this address, then try again.");
      return;
    }
    beside = opened;
    const { document: other } = opened;
    other.title = "Only interviewers";
    other.documentElement.lang = "en";
    for (const name of ["theme"]) {
      const value = document.documentElement.dataset[name];
      if (value) other.documentElement.dataset[name] = value;
    }
    for (const sheet of document.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"]')) {
      const link = other.createElement("link");
      link.rel = "stylesheet";
      link.href = sheet.href;
      other.head.append(link);
    }
    other.body.className = "roompage privatewindow";
    const room = other.createElement("div");
    room.className = "work room";
    room.dataset["view"] = "notes";
    other.body.append(room);
    side.replaceWith(place);
    room.append(other.adoptNode(side));
    document.documentElement.dataset["beside"] = "private";
    page.besides.push(other);
    page.listenIn(other);
    opened.addEventListener("pagehide", back);
    page.editor.remeasure();
  });
  window.addEventListener("pagehide", () => beside?.close());
}
