import { openPalette, type Entry } from "../palette";
import { changeSettings } from "../settings";
import type { Files } from "./files";
import { keyText, onMac } from "./keys";
import type { Page } from "./page";

/** What can be found and done in the room from one list. */
export function mountFind(page: Page, files: Files): void {
  const { room } = page;
  page.acts.set("find", () => {
    for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) dialog.close();
    openPalette(entries());
  });

  const entries = (): Entry[] => {
    const mac = onMac();
    const done = page.bindings
      .filter(({ action }) => action !== "find" && page.acts.has(action))
      .map(({ action, does, keys }): Entry => ({ label: does, ...(keys ? { keys: keyText(keys, mac) } : {}), run: () => void page.act(action) }));
    const open = room.files.map((file): Entry => ({ label: `Open ${file.name}`, run: () => files.open(file.id) }));
    const people = Object.keys(room.people)
      .filter((id) => id !== room.me && room.state.members[id]?.present && !page.isCurtained)
      .map((id): Entry => ({ label: `Follow ${room.first(id)}`, run: () => follow(id) }));
    const languages = room.canEdit
      ? room.state.languages.map((one): Entry => ({ label: `Write in ${room.languageLabel(one)}`, run: () => void room.do({ type: "ChooseLanguage", language: one }) }))
      : [];
    const stages =
      room.isInterviewer && room.state.stage !== null && !room.isOver
        ? room.state.stages.map((stage): Entry => ({ label: `Go to stage: ${stage.title}`, run: () => void room.do({ type: "GoToStage", stage: stage.id }) }))
        : [];
    return [
      ...done,
      ...open,
      { label: "New file", run: () => void page.act("new-file") },
      ...people,
      ...languages,
      ...stages,
      { label: "Settings on this device", run: () => page.open("settings") },
      { label: "People in the room", run: () => page.open("people") },
      { label: "What is recorded", run: () => page.open("recorded") },
      ...(["light", "dark", "system"] as const).map((theme): Entry => ({ label: theme === "system" ? "Theme like the system" : `Theme: ${theme}`, run: () => void changeSettings({ theme }) })),
      ...(room.isInterviewer && room.config.candidateLink ? [{ label: "Copy the candidate's link", run: () => void page.act("copy-link") }] : []),
      ...(room.isInterviewer ? [{ label: "Private side in its own window", run: () => void page.act("own-window") }, { label: "Go to your desk", run: () => location.assign("/desk") }] : []),
    ];
  };
  const follow = (member: string): void => {
    const source = document.createElement("button");
    source.dataset["member"] = member;
    page.act("follow", source);
  };
}
