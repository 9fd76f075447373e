import { setText } from "./dom";
import type { Files } from "./files";
import type { Page } from "./page";
import { listed } from "./words";

interface Told {
  file?: string;
  cursor?: { head?: unknown } | null;
  back?: { count: number; id: string };
}

/** Where the others are: said on request, followed, and shown after they come back from being offline. */
export function mountWhere(page: Page, files: Files): void {
  const follow = mountFollow(page, files);
  mountWho(page, follow);
  mountComebacks(page, follow);
}

function toldBy(page: Page, member: string): Told | null {
  for (const state of page.room.connection.provider.awareness.getStates().values()) {
    if ((state["user"] as { member?: string } | undefined)?.member === member) return state as Told;
  }
  return null;
}

/** "Say who is where": shows the caret flags again, and says and shows each person's line. */
function mountWho(page: Page, follow: (member: string) => void): void {
  const { room } = page;
  page.acts.set("who", () => {
    if (page.isCurtained) {
      page.notices.tell("Nobody's place is told during focus time.");
      return;
    }
    page.editor.showFlags();
    const words: string[] = [];
    const there: string[] = [];
    for (const member of Object.keys(room.people)) {
      const told = member === room.me ? null : toldBy(page, member);
      if (!told) continue;
      const file = room.files.find((one) => one.id === told.file);
      const line = file && told.cursor?.head ? page.editor.lineOf(file.id, told.cursor.head) : null;
      const where = file ? `in ${file.name}` : "in the room";
      words.push(`${room.first(member)} is ${line === null ? where : `on line ${line} of ${file?.name ?? ""}`}`);
      if (file) there.push(member);
    }
    page.notices.tell(
      words.length > 0 ? `${listed(words)}.` : "Nobody else is in a file.",
      there.map((member) => ({ label: `Follow ${room.first(member)}`, run: () => follow(member) })),
    );
  });
}

/** Following: this page opens the file that the other has open and keeps their caret in view, until one types or scrolls. */
function mountFollow(page: Page, files: Files): (member: string) => void {
  const { room } = page;
  const sign = page.part<HTMLButtonElement>("following");
  let followed: string | null = null;

  const step = (): void => {
    if (!followed || page.isCurtained) return;
    const told = toldBy(page, followed);
    if (!told?.file) return;
    if (page.editor.file?.id !== told.file) files.open(told.file);
    if (told.cursor?.head) page.editor.reveal(told.cursor.head);
  };
  const set = (member: string | null): void => {
    if (member === followed) return;
    const before = followed;
    followed = member;
    sign.hidden = member === null;
    page.host.toggleAttribute("data-following", member !== null);
    if (member) {
      setText(sign, `Following ${room.first(member)}`);
      sign.title = "Stop following";
      sign.setAttribute("aria-label", `Following ${room.first(member)}. Stop following`);
      page.polite(`Following ${room.first(member)}. Typing ends it.`);
      step();
    } else if (before) page.polite(`Not following ${room.first(before)} any more`);
  };
  room.connection.provider.awareness.on("change", () => step());
  room.changed.on(() => {
    if (followed && !room.state.members[followed]?.present) set(null);
  });
  const editor = page.part("editor");
  for (const kind of ["wheel", "pointerdown", "beforeinput"]) editor.addEventListener(kind, () => set(null), { passive: true, capture: true });
  page.part("files").addEventListener("click", () => set(null), { capture: true });
  sign.addEventListener("click", () => {
    set(null);
    page.editor.focus();
  });
  page.acts.set("follow", (source) => {
    const member = source?.dataset["member"];
    for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) dialog.close();
    if (member) set(member);
  });
  return set;
}

/**
 * One who was away tells the others through awareness how many changes they brought with them; the others hear of it once, with
 * a way to look. What came in is merged by position: there is nothing to choose.
 */
function mountComebacks(page: Page, follow: (member: string) => void): void {
  const { room } = page;
  const { connection } = room;
  const known = new Set<string>();
  let brought = 0;
  connection.changed.on(() => {
    if (connection.link === "reconnecting" || connection.link === "offline") brought = Math.max(brought, connection.unsaved);
    if (connection.link !== "online" || brought === 0 || connection.unsaved > 0) return;
    const count = brought;
    brought = 0;
    if (connection.tooLate) return;
    connection.provider.awareness.setLocalStateField("back", { count, id: crypto.randomUUID() });
    page.notices.tell("Your changes are in.");
  });
  connection.provider.awareness.on("change", () => {
    for (const [client, state] of connection.provider.awareness.getStates()) {
      const { back, user } = state as Told & { user?: { member?: string } };
      if (client === connection.doc.clientID || !back || typeof back.id !== "string" || known.has(back.id)) continue;
      known.add(back.id);
      const member = user?.member ?? "";
      if (!room.people[member] || page.isCurtained || !Number.isInteger(back.count)) continue;
      page.notices.tell(broughtWords(room.first(member), back.count), [
        {
          label: "Show",
          run: () => {
            follow(member);
            page.editor.showFlags();
          },
        },
      ]);
    }
  });
}

export function broughtWords(first: string, count: number): string {
  return count === 1 ? `${first}'s change came in.` : `${first}'s ${count} changes came in.`;
}
