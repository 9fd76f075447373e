import { Compartment, EditorSelection, EditorState, type Extension, type Transaction } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { yCollab, ySyncAnnotation } from "y-codemirror.next";
import * as Y from "yjs";
import { remoteCarets, showFlags } from "./carets";
import { editing, fetchKeys, personal } from "./editing";
import { Emitter } from "./emitter";
import { fileLanguage, indentColumns } from "./filenames";
import { languageSupport } from "./languages";
import { insertionProblem, lineCount } from "./paste";
import { PlainText } from "./plain";
import type { Room } from "./room";
import { loadSettings, type Settings } from "../settings";
import type { FileState } from "./wire";

/** Pastes of more lines than this are recorded, if the plan says so and the lobby told it. */
const PASTE_LINES = 10;
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
  private readonly personal = new Compartment();
  private readonly plain: PlainText;
  private settings: Settings = loadSettings();
  private hasProblem = false;
  private isEditable = false;
  private shownLanguage = "";

  constructor(
    host: HTMLElement,
    private readonly room: Room,
  ) {
    fetchKeys(this.settings);
    this.view = new EditorView({ parent: host, state: EditorState.create({ extensions: this.frozen(true) }) });
    this.plain = new PlainText(host, {
      refuses: (inserted) => this.refuses(inserted),
      pasted: (text) => this.notePaste(text),
      moved: () => this.plainMoved(),
    });
    this.showOneOfTwo();
  }

  get hasFocus(): boolean {
    return this.isPlain ? document.activeElement === this.plain.field : this.view.hasFocus;
  }

  focus(): void {
    if (this.isPlain) this.plain.field.focus();
    else this.view.focus();
  }

  /** Whether the text is in a plain field and not in the code editor. */
  get isPlain(): boolean {
    return this.settings.plain_editor;
  }

  /** Takes over what the person chose for themselves. */
  adopt(settings: Settings): void {
    const before = this.settings;
    const hadFocus = this.hasFocus;
    const caret = this.caretIndex;
    this.settings = settings;
    if (this.file) this.view.dispatch({ effects: this.personal.reconfigure(this.ofPerson()) });
    if (before.plain_editor !== settings.plain_editor) {
      this.showOneOfTwo();
      if (settings.plain_editor) this.bindPlain(caret);
      else {
        this.plain.close();
        this.view.dispatch({ selection: EditorSelection.single(Math.min(caret, this.view.state.doc.length)) });
      }
      if (hadFocus) this.focus();
    }
    this.tellPosition();
    this.remeasure();
  }

  /** The caret as Yjs relative position in JSON, as a pin keeps it. */
  get caret(): string {
    const text = this.text;
    if (!text) return "";
    const head = this.caretIndex;
    return JSON.stringify(Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, head)));
  }

  open(file: FileState): void {
    if (this.file?.id === file.id) {
      this.renamed(file);
      return;
    }
    this.keepPlace();
    this.shownLanguage = this.languageOf(file);
    const hadFocus = this.hasFocus;
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
          this.personal.of(this.ofPerson()),
          this.language.of(languageSupport(this.languageOf(file))),
          this.editable.of(this.editability()),
          this.label.of(this.labelOf(file)),
        ],
      }),
    );
    const place = this.places.get(file.id);
    if (place) this.view.scrollDOM.scrollTop = place.scrollTop;
    awareness.setLocalState({ ...awareness.getLocalState(), file: file.id, cursor: null });
    if (this.isPlain) this.bindPlain(this.view.state.selection.main.head);
    if (hadFocus) this.focus();
    this.opened.emit(file);
    this.tellPosition();
  }

  /** Brings a place that another person's caret told into view, without moving one's own. False if it is not in the open file. */
  reveal(relative: unknown): boolean {
    const place = this.file ? this.indexOf(this.file.id, relative) : null;
    if (place === null) return false;
    if (this.isPlain) this.plain.reveal(place);
    else this.view.dispatch({ effects: EditorView.scrollIntoView(Math.min(place, this.view.state.doc.length), { y: "center" }) });
    return true;
  }

  /** Takes over what the state says of the open file and of who may type. */
  refresh(): void {
    if (!this.file) return;
    const now = this.room.state.files.find((one) => one.id === this.file?.id);
    if (now) this.renamed(now);
    if (this.isEditable !== this.room.canEdit) {
      this.view.dispatch({ effects: this.editable.reconfigure(this.editability()) });
      this.plain.field.readOnly = !this.room.canEdit;
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
    const place = this.indexOf(file, relative);
    if (place === null) return null;
    return this.room.connection.doc.getText(`f:${file}`).toString().slice(0, place).split("\n").length;
  }

  private indexOf(file: string, relative: unknown): number | null {
    try {
      const doc = this.room.connection.doc;
      const position = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(relative), doc);
      return position && position.type === doc.getText(`f:${file}`) ? position.index : null;
    } catch {
      return null; // Not a position: another program's awareness.
    }
  }

  private get caretIndex(): number {
    return this.isPlain ? this.plain.field.selectionEnd : this.view.state.selection.main.head;
  }

  private ofPerson(): Extension {
    return personal(this.settings, () => (this.file ? (this.undo.get(this.file.id) ?? null) : null));
  }

  private showOneOfTwo(): void {
    this.view.dom.hidden = this.isPlain;
    this.plain.field.hidden = !this.isPlain;
  }

  private bindPlain(caret: number): void {
    const text = this.text;
    const undo = this.file && this.undo.get(this.file.id);
    if (!text || !undo || !this.file) return;
    this.plain.open(text, undo, Math.min(caret, text.length));
    this.plain.field.readOnly = !this.room.canEdit;
    this.labelPlain(this.file);
  }

  private labelPlain(file: FileState): void {
    this.plain.field.setAttribute("aria-label", `${file.name}, ${this.room.languageLabel(this.languageOf(file))}, plain text. Tab leaves the field.`);
  }

  /** Tells the others where one's caret is, as the code editor does. */
  private plainMoved(): void {
    const { text, file } = this;
    if (!text || !file) return;
    const awareness = this.room.connection.provider.awareness;
    const place = (index: number): Y.RelativePosition => Y.createRelativePositionFromTypeIndex(text, Math.min(index, text.length));
    const cursor = { anchor: place(this.plain.field.selectionStart), head: place(this.plain.field.selectionEnd) };
    const before = awareness.getLocalState();
    if (JSON.stringify(before?.["cursor"]) !== JSON.stringify(cursor)) awareness.setLocalState({ ...before, cursor, file: file.id });
    if (this.hasProblem) this.say(null);
    this.tellPosition();
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
    this.labelPlain(file);
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
    const { anchor, head } = this.isPlain ? { anchor: this.caretIndex, head: this.caretIndex } : this.view.state.selection.main;
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
      EditorState.transactionFilter.of((transaction) => this.bounded(transaction)),
      EditorView.domEventHandlers({
        paste: (event) => this.pasted(event.clipboardData?.getData("text/plain") ?? "", event),
        drop: (event) => this.pasted(event.dataTransfer?.getData("text/plain") ?? "", event),
      }),
      editing("Type here. Everyone sees it."),
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
    if (this.refuses(text.length)) {
      event.preventDefault();
      return true;
    }
    this.notePaste(text);
    return false;
  }

  private refuses(inserted: number): boolean {
    const problem = insertionProblem(inserted, this.documentLength());
    if (problem) this.say(problem);
    return problem !== null;
  }

  private notePaste(text: string): void {
    const lines = lineCount(text);
    if (this.file && lines > PASTE_LINES && this.room.canEdit && this.room.state.signals.includes("paste")) {
      void this.room.connection.do({ type: "NotePaste", file: this.file.id, lines });
    }
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
    const head = Math.min(this.caretIndex, this.view.state.doc.length);
    const line = this.view.state.doc.lineAt(head);
    const { selectionStart, selectionEnd } = this.plain.field;
    this.position.emit({
      line: line.number,
      column: head - line.from + 1,
      selected: this.isPlain ? selectionEnd - selectionStart : main.to - main.from,
      indent: indentColumns(this.file ? this.languageOf(this.file) : ""),
    });
  }
}
