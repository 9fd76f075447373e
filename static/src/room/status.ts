import { h, icon, setText } from "./dom";
import type { Files } from "./files";
import { fileLanguage } from "./filenames";
import type { Page } from "./page";
import { offlineWords, savedWords, type Link } from "./saved";

/** The line under the editor: language, place, and whether what was typed is safe. */
export function mountStatus(page: Page, files: Files): void {
  mountLanguage(page, files);
  mountSaved(page);
  const position = page.part("position");
  const indent = page.part("indent");
  const problem = page.part("edproblem");
  page.editor.position.on(({ line, column, selected, indent: width }) => {
    setText(position, `Ln ${line}, Col ${column}${selected > 0 ? `, ${selected} selected` : ""}`);
    setText(indent, width === 0 ? "Tabs" : `${width} spaces`);
  });
  page.editor.problem.on((text) => {
    problem.hidden = text === null;
    setText(problem, text ?? "");
  });
}

/** The picker says what the open file runs in. Another choice is for everybody, and opens a file in that language. */
function mountLanguage(page: Page, files: Files): void {
  const { room } = page;
  const select = page.part<HTMLSelectElement>("language");
  const shown = (): string => {
    const file = files.current;
    const language = file ? fileLanguage(file.name, file.language, room.state.language) : room.state.language;
    return offered().includes(language) ? language : room.state.language;
  };
  /** The interview's languages, and what the open file is written in if that is another one that runs here. */
  const offered = (): string[] => {
    const file = files.current;
    const another = file ? fileLanguage(file.name, file.language, room.state.language) : "";
    const languages = room.state.languages;
    return another in room.runner.languages && !languages.includes(another) ? [...languages, another] : languages;
  };
  /** The languages in which the question before us is tested; null while it has no tests, or none is shown. */
  const tested = (): string[] | null => document.querySelector<HTMLElement>("#problem [data-tested]")?.dataset["tested"]?.split(" ") ?? null;
  const draw = (): void => {
    const suited = tested();
    select.replaceChildren(
      ...offered().map((language) => {
        const ready = Object.keys(room.runner.languages).length === 0 || language in room.runner.languages;
        const limit = !ready ? " (not ready)" : suited && !suited.includes(language) ? " (runs, no tests)" : "";
        return h("option", { value: language }, `${room.languageLabel(language)}${limit}`);
      }),
    );
    select.value = shown();
    select.disabled = !room.canEdit || room.state.languages.length < 2;
  };
  page.watch(
    () => [room.state.languages, room.state.language, room.state.files, room.runner.languages, room.canEdit],
    draw,
  );
  page.editor.opened.on(draw);
  document.addEventListener("htmx:after:swap", draw);
  select.addEventListener("change", () => {
    const language = select.value;
    void room.do({ type: "ChooseLanguage", language }).then(() => {
      const open = files.current;
      if (open && shown() !== language) {
        const fits = room.files.filter((file) => fileLanguage(file.name, file.language, "") === language);
        const file = fits.find((one) => one.question !== null && one.question === open.question) ?? fits[0];
        if (file) files.open(file.id);
      }
      draw();
    });
  });
}

function mountSaved(page: Page): void {
  const { connection } = page.room;
  const saved = page.part("saved");
  const offline = page.part("offline");
  let said: Link = "connecting";
  const draw = (): void => {
    const words = connection.tooLate
      ? { text: "What was typed after the end is not kept", tone: "notice" as const }
      : savedWords(connection.link, connection.unsaved, connection.slow);
    page.host.dataset["link"] = connection.link;
    saved.className = `it saved ${words.tone}`;
    if (saved.textContent !== words.text) {
      saved.replaceChildren(...(words.tone === "good" ? [icon("check")] : []), words.text);
    }
    offline.hidden = connection.link !== "offline";
    if (!offline.hidden) setText(offline, offlineWords(connection.unsaved));
    tell(words.text);
  };
  const tell = (words: string): void => {
    const link = connection.link;
    if (link === said) return;
    const back = link === "online" && (said === "reconnecting" || said === "offline");
    if (link === "reconnecting") page.polite(words);
    if (link === "offline") page.polite(offlineWords(connection.unsaved));
    // Said once the edits really are on the server, not when the socket opens.
    if (back && connection.unsaved > 0) return;
    if (back) page.polite("All changes saved");
    said = link;
  };
  connection.changed.on(draw);
  draw();
  window.addEventListener("beforeunload", (event) => {
    if (connection.unsaved > 0 && !connection.tooLate) event.preventDefault();
  });
}
