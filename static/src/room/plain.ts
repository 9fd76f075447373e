import * as Y from "yjs";
import { textChange, throughDelta, type DeltaStep } from "./textdiff";

export interface PlainHost {
  /** Why an insertion is not taken, null if it is; the host says so. */
  refuses(inserted: number): boolean;
  pasted(text: string): void;
  moved(): void;
}

/**
 * A plain field of text on the same document as the code editor: a screen reader finds every line in it. What is typed goes
 * into the document as the smallest change; what others type comes in without moving one's caret. Tab leaves the field.
 */
export class PlainText {
  readonly field: HTMLTextAreaElement;
  private text: Y.Text | null = null;
  private undo: Y.UndoManager | null = null;
  /** What the field held when field and document were last the same. */
  private known = "";
  /** Others' changes that came while an input method was composing, oldest first. */
  private waiting: DeltaStep[][] = [];
  private composing = false;
  private readonly heard = (event: Y.YTextEvent, transaction: Y.Transaction): void => {
    if (transaction.origin !== this) this.take(event.delta as DeltaStep[]);
  };

  constructor(parent: HTMLElement, private readonly host: PlainHost) {
    this.field = document.createElement("textarea");
    this.field.className = "plaintext";
    this.field.spellcheck = false;
    this.field.autocapitalize = "off";
    this.field.setAttribute("autocorrect", "off");
    this.field.autocomplete = "off";
    this.field.hidden = true;
    parent.append(this.field);
    this.field.addEventListener("input", (event) => {
      if (!(event as InputEvent).isComposing) this.typed();
    });
    this.field.addEventListener("compositionstart", () => {
      this.composing = true;
    });
    this.field.addEventListener("compositionend", () => {
      this.composing = false;
      this.typed();
    });
    this.field.addEventListener("beforeinput", (event) => this.before(event));
    this.field.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("selectionchange", () => {
      if (document.activeElement === this.field) this.host.moved();
    });
  }

  open(text: Y.Text, undo: Y.UndoManager, caret: number): void {
    this.close();
    this.text = text;
    this.undo = undo;
    undo.addTrackedOrigin(this);
    this.known = text.toString();
    this.field.value = this.known;
    this.field.setSelectionRange(caret, caret);
    text.observe(this.heard);
  }

  close(): void {
    this.text?.unobserve(this.heard);
    this.text = null;
    this.waiting = [];
  }

  /** Where a line begins on the field, to bring it into view. */
  reveal(place: number): void {
    const line = this.field.value.slice(0, place).split("\n").length - 1;
    const height = Number.parseFloat(getComputedStyle(this.field).lineHeight) || 20;
    this.field.scrollTop = Math.max(0, line * height - this.field.clientHeight / 2);
  }

  private before(event: InputEvent): void {
    if (event.inputType === "historyUndo" || event.inputType === "historyRedo") {
      event.preventDefault();
      this.again(event.inputType === "historyRedo");
      return;
    }
    const text = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
    if (event.inputType === "insertFromPaste" || event.inputType === "insertFromDrop") {
      if (this.host.refuses(text.length)) event.preventDefault();
      else this.host.pasted(text);
    } else if (text && this.host.refuses(text.length)) event.preventDefault();
  }

  /** The browser's own undo knows nothing of what others typed; one's own is undone in the document. */
  private key(event: KeyboardEvent): void {
    const mod = event.ctrlKey || event.metaKey;
    if (!mod || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "z" || (key === "y" && !event.shiftKey)) {
      event.preventDefault();
      this.again(key === "y" || event.shiftKey);
    }
  }

  private again(redo: boolean): void {
    if (this.field.readOnly) return;
    if (redo) this.undo?.redo();
    else this.undo?.undo();
  }

  private typed(): void {
    const { text, field } = this;
    if (!text) return;
    const change = textChange(this.known, field.value, field.selectionEnd);
    const waiting = this.waiting;
    this.waiting = [];
    this.known = field.value;
    if (change) {
      let [from, to] = [change.at, change.at + change.deleted];
      for (const delta of waiting) [from, to] = [throughDelta(delta, from), throughDelta(delta, to)];
      text.doc?.transact(() => {
        if (to > from) text.delete(from, to - from);
        if (change.inserted) text.insert(from, change.inserted);
      }, this);
    }
    if (waiting.length > 0) this.show(text.toString(), Math.min(field.selectionStart, text.length), Math.min(field.selectionEnd, text.length));
    this.host.moved();
  }

  private take(delta: DeltaStep[]): void {
    if (this.composing) {
      this.waiting.push(delta);
      return;
    }
    const { field, text } = this;
    if (!text) return;
    this.show(text.toString(), throughDelta(delta, field.selectionStart), throughDelta(delta, field.selectionEnd));
  }

  private show(value: string, start: number, end: number): void {
    const { field } = this;
    const [scroll, direction] = [field.scrollTop, field.selectionDirection];
    field.value = value;
    field.setSelectionRange(start, end, direction);
    field.scrollTop = scroll;
    this.known = value;
  }
}
