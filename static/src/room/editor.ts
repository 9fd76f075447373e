import { autocompletion, closeBrackets, closeBracketsKeymap, completeAnyWord, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorSelection, EditorState, Prec, type Extension, type Transaction } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { yCollab, ySyncAnnotation, yUndoManagerKeymap } from "y-codemirror.next";
import * as Y from "yjs";
import { remoteCarets, showFlags } from "./carets";
import { Emitter } from "./emitter";
import { fileLanguage, indentWidth } from "./filenames";
import { languageSupport } from "./languages";
import { insertionProblem, lineCount, plainLineEnds } from "./paste";
import type { Room } from "./room";
import type { FileState } from "./wire";

/** Pastes of more lines than this are recorded, if the plan says so and the lobby told it. */
const PASTE_LINES = 10;
/** Marks that reorder text or are not seen. CodeMirror knows most; these it leaves out. */
const UNSEEN = /[\u202a\u202b\u202c\u2068]/g;
const NAMES: Record<number, string> = {
  0x061c: "Arabic letter mark",
  0x200b: "zero width space",
  0x200e: "left-to-right mark",
  0x200f: "right-to-left mark",
  0x202a: "left-to-right embedding",
  0x202b: "right-to-left embedding",
  0x202c: "end of embedding",
  0x202d: "left-to-right override",
  0x202e: "right-to-left override",
  0x2066: "left-to-right isolate",
  0x2067: "right-to-left isolate",
  0x2068: "first strong isolate",
  0x2069: "end of isolate",
  0xfeff: "byte order mark",
};

interface Place {
  anchor: Y.RelativePosition;
  head: Y.RelativePosition;
  scrollTop: number;
}

export interface Position {
  line: number;
  column: number;
  selected: number;
  indent: number;
}

/** The editor of the open file. Each file keeps its own undo history and place. */
export class CodeEditor {
  readonly position = new Emitter<Position>();
  readonly opened = new Emitter<FileState>();
  /** Why something was not taken into the text, null when typing goes on. */
  readonly problem = new Emitter<string | null>();

  file: FileState | null = null;
  private readonly view: EditorView;
  private readonly undo = new Map<string, Y.UndoManager>();
  private readonly places = new Map<string, Place>();
  private readonly editable = new Compartment();
  private readonly language = new Compartment();
  private readonly label = new Compartment();
  private hasProblem = false;
  private isEditable = false;
  private shownLanguage = "";

  constructor(
    host: HTMLElement,
    private readonly room: Room,
  ) {
    this.view = new EditorView({ parent: host, state: EditorState.create({ extensions: this.frozen(true) }) });
  }

  get hasFocus(): boolean {
    return this.view.hasFocus;
  }

  focus(): void {
    this.view.focus();
  }

  /** The caret as Yjs relative position in JSON, as a pin keeps it. */
  get caret(): string {
    const text = this.text;
    if (!text) return "";
    const head = this.view.state.selection.main.head;
    return JSON.stringify(Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, head)));
  }

  open(file: FileState): void {
    if (this.file?.id === file.id) {
      this.renamed(file);
      return;
    }
    this.keepPlace();
    this.shownLanguage = this.languageOf(file);
    const hadFocus = this.view.hasFocus;
    this.file = file;
    const text = this.room.connection.doc.getText(`f:${file.id}`);
    let undoManager = this.undo.get(file.id);
    if (!undoManager) {
      undoManager = new Y.UndoManager(text);
      this.undo.set(file.id, undoManager);
    }
    const awareness = this.room.connection.provider.awareness;
    this.view.setState(
      EditorState.create({
        doc: text.toString(),
        selection: this.selectionIn(file.id, text),
        extensions: [
          yCollab(text, null, { undoManager }),
          remoteCarets(file.id, text, awareness, this.room),
          this.frozen(false),
          this.language.of(languageSupport(this.languageOf(file))),
          this.editable.of(this.editability()),
          this.label.of(this.labelOf(file)),
        ],
      }),
    );
    const place = this.places.get(file.id);
    if (place) this.view.scrollDOM.scrollTop = place.scrollTop;
    awareness.setLocalState({ ...awareness.getLocalState(), file: file.id, cursor: null });
    if (hadFocus) this.view.focus();
    this.opened.emit(file);
    this.tellPosition();
  }

  /** Takes over what the state says of the open file and of who may type. */
  refresh(): void {
    if (!this.file) return;
    const now = this.room.state.files.find((one) => one.id === this.file?.id);
    if (now) this.renamed(now);
    if (this.isEditable !== this.room.canEdit) {
      this.view.dispatch({ effects: this.editable.reconfigure(this.editability()) });
    }
  }

  showFlags(): void {
    this.view.dispatch({ annotations: showFlags.of(true) });
  }

  remeasure(): void {
    this.view.requestMeasure();
  }

  /** The line of a relative position in a file, null if it is not in it any more. */
  lineOf(file: string, relative: unknown): number | null {
    try {
      const doc = this.room.connection.doc;
      const text = doc.getText(`f:${file}`);
      const position = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(relative), doc);
      if (!position || position.type !== text) return null;
      return text.toString().slice(0, position.index).split("\n").length;
    } catch {
      return null;
    }
  }

  private get text(): Y.Text | null {
    return this.file ? this.room.connection.doc.getText(`f:${this.file.id}`) : null;
  }

  private languageOf(file: FileState): string {
    return fileLanguage(file.name, file.language, this.room.state.language);
  }

  private renamed(file: FileState): void {
    const before = this.file;
    const language = this.languageOf(file);
    this.file = file;
    if (before && before.name === file.name && this.shownLanguage === language) return;
    this.shownLanguage = language;
    this.view.dispatch({
      effects: [
        this.language.reconfigure(languageSupport(language)),
        this.label.reconfigure(this.labelOf(file)),
      ],
    });
    this.tellPosition();
  }

  private labelOf(file: FileState): Extension {
    const language = this.room.languageLabel(this.languageOf(file));
    return EditorView.contentAttributes.of({
      "aria-label": `${file.name}, ${language}. Press Escape, then Tab, to leave the editor.`,
    });
  }

  private editability(): Extension {
    const can = this.room.canEdit;
    this.isEditable = can;
    return [EditorState.readOnly.of(!can), EditorView.editable.of(can), EditorView.contentAttributes.of({ tabindex: "0" })];
  }

  private keepPlace(): void {
    const text = this.text;
    if (!this.file || !text) return;
    const { anchor, head } = this.view.state.selection.main;
    this.places.set(this.file.id, {
      anchor: Y.createRelativePositionFromTypeIndex(text, anchor),
      head: Y.createRelativePositionFromTypeIndex(text, head),
      scrollTop: this.view.scrollDOM.scrollTop,
    });
  }

  private selectionIn(file: string, text: Y.Text): EditorSelection {
    const place = this.places.get(file);
    const doc = this.room.connection.doc;
    const anchor = place ? Y.createAbsolutePositionFromRelativePosition(place.anchor, doc) : null;
    const head = place ? Y.createAbsolutePositionFromRelativePosition(place.head, doc) : null;
    return EditorSelection.single(
      Math.min(anchor?.index ?? 0, text.length),
      Math.min(head?.index ?? 0, text.length),
    );
  }

  /** What does not depend on the file. */
  private frozen(empty: boolean): Extension {
    if (empty) return [EditorState.readOnly.of(true), EditorView.editable.of(false), EditorView.contentAttributes.of({ "aria-label": "Editor" })];
    return [
      // The document knows "\n" alone; another line end would shift every position after it.
      EditorState.lineSeparator.of("\n"),
      EditorView.clipboardInputFilter.of((text) => plainLineEnds(text)),
      EditorState.transactionFilter.of((transaction) => this.bounded(transaction)),
      EditorView.domEventHandlers({
        paste: (event) => this.pasted(event.clipboardData?.getData("text/plain") ?? "", event),
        drop: (event) => this.pasted(event.dataTransfer?.getData("text/plain") ?? "", event),
      }),
      Prec.highest(EditorView.domEventHandlers({ keydown: letTabLeave })),
      lineNumbers(),
      highlightActiveLineGutter(),
      highlightActiveLine(),
      highlightSpecialChars({ addSpecialChars: UNSEEN, render: unseen }),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      highlightSelectionMatches({ minSelectionLength: 2 }),
      syntaxHighlighting(classHighlighter),
      autocompletion({ override: [completeAnyWord], activateOnTyping: true, icons: false }),
      placeholder("Type here. Everyone sees it."),
      EditorState.tabSize.of(4),
      keymap.of([
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...searchKeymap,
        ...yUndoManagerKeymap,
        ...completionKeymap,
        indentWithTab,
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged || update.selectionSet) this.tellPosition();
        if (update.docChanged && this.hasProblem && update.transactions.some((one) => !one.annotation(ySyncAnnotation))) {
          this.say(null);
        }
      }),
    ];
  }

  /** Refuses a change that would make the document too large, before it is in the document. */
  private bounded(transaction: Transaction): Transaction | readonly [] {
    if (!transaction.docChanged || transaction.annotation(ySyncAnnotation)) return transaction;
    let inserted = 0;
    let deleted = 0;
    transaction.changes.iterChanges((fromA, toA, _fromB, _toB, text) => {
      inserted += text.length;
      deleted += toA - fromA;
    });
    if (inserted <= deleted) return transaction;
    const problem = insertionProblem(inserted, this.documentLength() - deleted);
    if (!problem) return transaction;
    this.say(problem);
    return [];
  }

  /** Looks at pasted text before the editor does: 5 MB are refused without being read into the document. */
  private pasted(text: string, event: Event): boolean {
    const problem = insertionProblem(text.length, this.documentLength());
    if (problem) {
      event.preventDefault();
      this.say(problem);
      return true;
    }
    const lines = lineCount(text);
    if (this.file && lines > PASTE_LINES && this.room.canEdit && this.room.state.signals.includes("paste")) {
      void this.room.connection.do({ type: "NotePaste", file: this.file.id, lines });
    }
    return false;
  }

  private documentLength(): number {
    const doc = this.room.connection.doc;
    return this.room.state.files.reduce((sum, file) => sum + doc.getText(`f:${file.id}`).length, 0);
  }

  private say(problem: string | null): void {
    this.hasProblem = problem !== null;
    this.problem.emit(problem);
  }

  private tellPosition(): void {
    const { main } = this.view.state.selection;
    const line = this.view.state.doc.lineAt(main.head);
    this.position.emit({
      line: line.number,
      column: main.head - line.from + 1,
      selected: main.to - main.from,
      indent: indentWidth(this.file ? this.languageOf(this.file) : ""),
    });
  }
}

/** Escape, then Tab, leaves the editor, also when the Escape had something to close first. */
function letTabLeave(event: KeyboardEvent, view: EditorView): boolean {
  if (event.key === "Escape") view.setTabFocusMode(2000);
  return false;
}

function unseen(code: number, description: string | null): HTMLElement {
  const mark = document.createElement("span");
  const name = NAMES[code] ?? description ?? "control character";
  mark.className = "cm-specialChar unseen";
  mark.textContent = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  mark.title = name;
  mark.setAttribute("aria-label", name);
  mark.setAttribute("role", "img");
  return mark;
}
