import type { Page } from "./page";
import { CLOSED } from "./wire";

/** Whether something was typed that came after the end: the server does not keep it, so it is offered as a copy. */
export function isLate(page: Page): boolean {
  const { connection } = page.room;
  const shut = connection.link === "closed" && connection.unsaved > 0;
  return connection.tooLate || (shut && (connection.closeCode === CLOSED.ended || page.room.isOver));
}

/** All files of the room in one text, each under its name. */
export function allText(files: readonly { name: string; text: string }[]): string {
  return files.map(({ name, text }) => `===== ${name} =====\n${text}${text.endsWith("\n") || text === "" ? "" : "\n"}`).join("\n");
}

export function mountLate(page: Page): void {
  const { room } = page;
  const field = page.byId("copy-text") as HTMLTextAreaElement;
  page.acts.set("keep-copy", () => {
    field.value = allText(room.files.map((file) => ({ name: file.name, text: room.connection.doc.getText(`f:${file.id}`).toString() })));
    page.open("copy-dialog");
    field.focus();
    field.select();
  });
  page.part("copysave").addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([field.value], { type: "text/plain" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = "my-code.txt";
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(address), 10_000);
  });
  page.notices.from(() =>
    isLate(page)
      ? [{ key: "late", text: "The interview had ended when your last changes came. They are on this device only.", actions: [{ label: "Keep a copy", run: () => void page.act("keep-copy") }] }]
      : [],
  );
  room.connection.changed.on(() => {
    if (isLate(page)) page.notices.draw();
  });
}
