import { h } from "./dom";
import { endingOf } from "./filenames";
import type { Page } from "./page";
import { toast } from "../toast";
import type { FileState } from "./wire";

/** Files as tabs: open, create, rename, move, delete with undo. */
export class Files {
  private readonly tabs: HTMLElement;
  private dialogFile: FileState | null = null;
  private readonly form: HTMLFormElement;
  private readonly input: HTMLInputElement;
  /** What is being named: a file, a new one (null), nothing (undefined). */
  private named: FileState | null | undefined = undefined;
  private saving = false;
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
      if (e.type === "FileDeleted" && by !== room.me) this.deletedBy(e["file"] as string, by);
      if (e.type === "LanguageChosen" && by !== room.me && by !== "system") toast(`${room.first(by)} changed the language to ${room.languageLabel(e["language"] as string)}`);
    });
    this.tabs.addEventListener("keydown", (event) => this.tabKey(event));
    this.form = page.part<HTMLFormElement>("naming");
    this.input = page.part<HTMLInputElement>("newname");
    this.listenToNaming();
    page.acts.set("new-file", () => this.name(null));
    page.acts.set("file-menu", () => this.openDialog());
    page.acts.set("rename", () => {
      const dialog = this.page.dialog("file-dialog");
      if (dialog.open) dialog.close();
      if (this.current) this.name(this.current);
    });
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
        ondblclick: () => this.name(file),
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

  private deletedBy(id: string, by: string): void {
    const { room } = this.page;
    const file = room.state.files.find((one) => one.id === id);
    if (!file) return;
    toast(`${room.first(by)} deleted ${file.name}`, room.canEdit ? { label: "Restore", run: () => void room.do({ type: "RestoreFile", file: id }) } : undefined);
  }

  private openDialog(): void {
    const file = this.current;
    if (!this.page.room.canEdit || !file) return;
    this.dialogFile = file;
    (document.getElementById("file-title") as HTMLElement).textContent = `File ${file.name}`;
    this.drawDeleted();
    this.page.open("file-dialog");
  }

  /** Opens the field for a name where the tab is, or where the new tab will be. */
  private name(file: FileState | null): void {
    if (!this.page.room.canEdit) return;
    this.named = file;
    const place = file ? document.getElementById(`tab-${file.id}`) : this.page.host.querySelector<HTMLElement>('[data-act="new-file"]');
    const head = this.form.parentElement as HTMLElement;
    this.form.hidden = false;
    this.input.value = file?.name ?? "";
    this.input.setAttribute("aria-label", file ? `New name of ${file.name}` : "Name of the new file");
    this.input.placeholder = file ? "" : `main.${endingOf(this.page.room.state.language)}`;
    const left = (place?.getBoundingClientRect().left ?? 0) - head.getBoundingClientRect().left;
    this.form.style.left = `${Math.max(4, Math.min(left, head.clientWidth - 210))}px`;
    this.showError("");
    this.input.focus();
    const dot = this.input.value.lastIndexOf(".");
    this.input.setSelectionRange(0, dot > 0 ? dot : this.input.value.length);
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

  private listenToNaming(): void {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.save(true);
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.endNaming(true);
    });
    this.form.addEventListener("focusout", (event) => {
      if (this.named === undefined || this.form.contains(event.relatedTarget as Node | null) || !document.hasFocus()) return;
      // Looking elsewhere keeps a name that was written, and drops an empty field.
      if (this.input.value.trim()) void this.save(false);
      else this.endNaming(false);
    });
  }

  private async save(returns: boolean): Promise<void> {
    const { connection } = this.page.room;
    const file = this.named;
    const name = this.input.value.trim();
    if (file === undefined || this.saving) return;
    if (!name || file?.name === name) {
      this.endNaming(returns);
      return;
    }
    if (!file) this.asked.add(name);
    // The new file opens and takes the focus before the answer comes: that is no second wish.
    this.saving = true;
    const refusal = await connection.do(file ? { type: "RenameFile", file: file.id, name } : { type: "CreateFile", name });
    this.saving = false;
    if (refusal) {
      this.asked.delete(name);
      this.showError(refusal.sentence);
    } else this.endNaming(returns);
  }

  private endNaming(returns: boolean): void {
    this.named = undefined;
    this.form.hidden = true;
    this.showError("");
    if (returns) this.page.editor.focus();
  }

  private showError(sentence: string): void {
    const error = document.getElementById("file-error") as HTMLElement;
    error.hidden = sentence === "";
    error.textContent = sentence;
    this.input.toggleAttribute("aria-invalid", false);
    if (sentence) {
      this.input.setAttribute("aria-invalid", "true");
      this.input.focus();
    }
  }
}
