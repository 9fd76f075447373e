import { h } from "./dom";
import type { Page } from "./page";
import { toast } from "../toast";
import type { FileState } from "./wire";

/** Files as tabs: open, create, rename, move, delete with undo. */
export class Files {
  private readonly tabs: HTMLElement;
  private dialogFile: FileState | null = null;
  /** Names asked for here whose event has not come yet: those are opened when they appear. */
  private readonly asked = new Set<string>();

  constructor(private readonly page: Page) {
    this.tabs = page.part("files");
    const { room } = page;
    page.watch(
      () => [room.state.files, room.state.members, room.people, this.page.editor.file?.id, room.canEdit, room.state.language],
      () => this.draw(),
    );
    room.changed.on(() => this.page.editor.refresh());
    room.connection.changed.on(() => {
      if (this.editableBefore !== room.canEdit) {
        this.editableBefore = room.canEdit;
        this.page.editor.refresh();
        this.draw();
      }
    });
    room.happened.on(({ e, by }) => {
      if (e.type === "FileCreated") this.created(e["file"] as string, e["question"] as string | undefined, by);
    });
    this.tabs.addEventListener("keydown", (event) => this.tabKey(event));
    this.listenToDialog();
    page.acts.set("new-file", () => this.openDialog(null));
    page.acts.set("file-menu", () => this.openDialog(this.current));
    page.acts.set("rename", () => this.openDialog(this.current));
    page.acts.set("close-file", () => this.current && void this.remove(this.current));
    page.acts.set("delete-file", () => {
      this.page.dialog("file-dialog").close();
      if (this.dialogFile) void this.remove(this.dialogFile);
    });
    page.acts.set("file-left", () => void this.move(-1));
    page.acts.set("file-right", () => void this.move(1));
  }

  private editableBefore = false;

  get current(): FileState | null {
    const id = this.page.editor.file?.id;
    return this.page.room.files.find((file) => file.id === id) ?? null;
  }

  open(id: string): void {
    const file = this.page.room.files.find((one) => one.id === id);
    if (!file) return;
    const isNew = this.page.editor.file?.id !== id;
    this.page.editor.open(file);
    if (isNew) void this.page.room.connection.do({ type: "OpenFile", file: id });
    this.draw();
  }

  private created(id: string, question: string | undefined, by: string): void {
    const { room, editor } = this.page;
    const file = room.files.find((one) => one.id === id);
    if (!file) return;
    if (by === room.me && this.asked.delete(file.name)) {
      this.open(id);
      editor.focus();
      return;
    }
    // Starter files come several at once: the first is opened, the others do not take its place.
    const open = editor.file;
    if (question && (open?.question !== question || open.language !== file.language)) this.open(id);
  }

  private draw(): void {
    const { room, editor } = this.page;
    const files = room.files;
    if (room.welcomed && !files.some((file) => file.id === editor.file?.id)) {
      const mine = room.state.members[room.me]?.open_file;
      const first = files.find((file) => file.id === mine) ?? files.find((file) => file.question && file.question === room.state.question) ?? files[0];
      if (first) {
        this.open(first.id);
        return;
      }
    }
    const hadFocus = this.tabs.contains(document.activeElement);
    this.tabs.replaceChildren(...files.map((file) => this.tab(file)));
    if (hadFocus) this.tabs.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
    const tab = this.tabs.querySelector('[aria-selected="true"]');
    tab?.scrollIntoView({ block: "nearest", inline: "nearest" });
    for (const act of ["new-file", "file-menu"]) {
      document.querySelector<HTMLButtonElement>(`[data-act="${act}"]`)?.toggleAttribute("disabled", !room.canEdit);
    }
  }

  private tab(file: FileState): HTMLElement {
    const { room, editor } = this.page;
    const on = editor.file?.id === file.id;
    const there = Object.entries(room.state.members).filter(
      ([id, member]) => id !== room.me && member.present && member.open_file === file.id && room.people[id],
    );
    const tab = h(
      "button",
      {
        class: `tab${on ? " on" : ""}`,
        type: "button",
        role: "tab",
        id: `tab-${file.id}`,
        "aria-controls": "editor",
        "aria-selected": on ? "true" : "false",
        tabindex: on ? 0 : -1,
        draggable: room.canEdit ? "true" : "false",
        title: there.length > 0 ? `${file.name}. Here: ${there.map(([id]) => room.first(id)).join(", ")}` : file.name,
        onclick: () => this.open(file.id),
        ondblclick: () => room.canEdit && this.openDialog(file),
        onauxclick: (event) => {
          if ((event as MouseEvent).button === 1 && room.canEdit) void this.remove(file);
        },
      },
      h("bdi", {}, file.name),
      ...there.map(([id]) => h("i", { class: "here", "data-colour": room.colour(id), "aria-hidden": "true" })),
    );
    tab.addEventListener("dragstart", (event) => event.dataTransfer?.setData("text/room-file", file.id));
    tab.addEventListener("dragover", (event) => {
      if (event.dataTransfer?.types.includes("text/room-file")) event.preventDefault();
    });
    tab.addEventListener("drop", (event) => {
      const moved = event.dataTransfer?.getData("text/room-file");
      if (!moved || moved === file.id) return;
      event.preventDefault();
      const order = room.files.map((one) => one.id).filter((id) => id !== moved);
      const after = room.files.findIndex((one) => one.id === moved) < room.files.findIndex((one) => one.id === file.id);
      order.splice(order.indexOf(file.id) + (after ? 1 : 0), 0, moved);
      void room.do({ type: "ReorderFiles", files: order });
    });
    return tab;
  }

  private tabKey(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const files = this.page.room.files;
    const index = files.findIndex((file) => file.id === this.page.editor.file?.id);
    const to = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: files.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const file = files[(to + files.length) % files.length];
    if (file) {
      this.open(file.id);
      document.getElementById(`tab-${file.id}`)?.focus();
    }
  }

  private async move(by: number): Promise<void> {
    const { room } = this.page;
    const order = room.files.map((file) => file.id);
    const from = order.indexOf(this.current?.id ?? "");
    const to = from + by;
    if (from < 0 || to < 0 || to >= order.length || !room.canEdit) return;
    order.splice(to, 0, ...order.splice(from, 1));
    await room.do({ type: "ReorderFiles", files: order });
  }

  private async remove(file: FileState): Promise<void> {
    const { room } = this.page;
    if (!room.canEdit) return;
    if (await room.do({ type: "DeleteFile", file: file.id })) {
      toast(`${file.name} was deleted`, { label: "Undo", run: () => void room.do({ type: "RestoreFile", file: file.id }) });
    }
  }

  private openDialog(file: FileState | null): void {
    if (!this.page.room.canEdit) return;
    this.dialogFile = file;
    const input = document.getElementById("file-name") as HTMLInputElement;
    (document.getElementById("file-title") as HTMLElement).textContent = file ? `File ${file.name}` : "New file";
    this.page.part("filesave").textContent = file ? "Rename" : "Create";
    this.page.part("fileactions").hidden = file === null;
    this.showError("");
    input.value = file?.name ?? "";
    this.drawDeleted();
    this.page.open("file-dialog");
    input.focus();
    const dot = input.value.lastIndexOf(".");
    input.setSelectionRange(0, dot > 0 ? dot : input.value.length);
  }

  private drawDeleted(): void {
    const { room } = this.page;
    const deleted = room.state.files.filter((file) => file.deleted).slice(-8);
    const restore = (file: FileState): HTMLElement =>
      h("li", { class: "row" }, h("bdi", { class: "grow mono" }, file.name), h("button", {
        class: "btn sm",
        type: "button",
        onclick: () => {
          this.page.dialog("file-dialog").close();
          void room.do({ type: "RestoreFile", file: file.id });
        },
      }, "Restore"));
    this.page.part("deletedfiles").replaceChildren(
      ...(deleted.length > 0 ? [h("p", { class: "label" }, "Deleted files"), h("ul", { class: "stack tight" }, ...deleted.map(restore))] : []),
    );
  }

  private listenToDialog(): void {
    const form = this.page.part<HTMLFormElement>("fileform");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.save((document.getElementById("file-name") as HTMLInputElement).value.trim());
    });
  }

  private async save(name: string): Promise<void> {
    const { connection } = this.page.room;
    const file = this.dialogFile;
    if (file && file.name === name) {
      this.page.dialog("file-dialog").close();
      return;
    }
    if (!file) this.asked.add(name);
    const refusal = await connection.do(file ? { type: "RenameFile", file: file.id, name } : { type: "CreateFile", name });
    if (refusal) {
      this.asked.delete(name);
      this.showError(refusal.sentence);
    } else {
      const dialog = this.page.dialog("file-dialog");
      // After the dialog gave the focus back to the button that opened it.
      dialog.addEventListener("close", () => this.page.editor.focus(), { once: true });
      dialog.close();
    }
  }

  private showError(sentence: string): void {
    const input = document.getElementById("file-name") as HTMLInputElement;
    (document.getElementById("file-error") as HTMLElement).textContent = sentence;
    input.toggleAttribute("aria-invalid", false);
    if (sentence) {
      input.setAttribute("aria-invalid", "true");
      input.focus();
    }
  }
}
