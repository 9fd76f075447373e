// The code of a moment: read only, with a coloured edge for who wrote each line and the carets of the people.
import { syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, RangeSet, RangeSetBuilder, StateEffect, StateField, type Range, type Text } from "@codemirror/state";
import { Decoration, EditorView, gutter, GutterMarker, highlightSpecialChars, lineNumbers, WidgetType, type DecorationSet } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { languageSupport } from "../room/languages";

export interface ShownCaret {
  name: string;
  colour: string;
  anchor: number;
  head: number;
  /** Whether the name stands at it. */
  flag: boolean;
}

export interface Shown {
  file: string;
  name: string;
  language: string;
  text: string;
  /** For each line the colour of who wrote most of it, empty for the room; null: as they were, moved with the text. */
  authors: readonly string[] | null;
  carets: readonly ShownCaret[];
  /** Index of the caret to keep in view. */
  follow: number | null;
}

class Author extends GutterMarker {
  override elementClass: string;
  constructor(readonly colour: string) {
    super();
    this.elementClass = `by by-${colour}`;
  }
  override eq(other: Author): boolean {
    return other.colour === this.colour;
  }
}
const AUTHORS: Record<string, Author> = Object.fromEntries(["blue", "plum", "olive"].map((name) => [name, new Author(name)]));

class Caret extends WidgetType {
  constructor(
    readonly caret: ShownCaret,
    readonly below: boolean,
  ) {
    super();
  }
  override eq(other: Caret): boolean {
    const [a, b] = [this.caret, other.caret];
    return a.name === b.name && a.colour === b.colour && a.flag === b.flag && this.below === other.below;
  }
  override toDOM(): HTMLElement {
    const caret = document.createElement("span");
    caret.className = this.below ? "caret below" : "caret";
    caret.dataset["colour"] = this.caret.colour;
    caret.setAttribute("aria-hidden", "true");
    caret.append("\u2060");
    if (this.caret.flag) {
      const flag = document.createElement("b");
      flag.textContent = this.caret.name;
      caret.append(flag);
    }
    return caret;
  }
  override ignoreEvent(): boolean {
    return true;
  }
}

const setMarks = StateEffect.define<{ authors: RangeSet<GutterMarker> | null; carets: DecorationSet }>();

const marks = StateField.define<{ authors: RangeSet<GutterMarker>; carets: DecorationSet }>({
  create: () => ({ authors: RangeSet.empty, carets: Decoration.none }),
  update(value, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) return { carets: effect.value.carets, authors: effect.value.authors ?? value.authors.map(transaction.changes) };
    }
    return value;
  },
  provide: (field) => EditorView.decorations.from(field, (value) => value.carets),
});

/** The one change that makes `before` into `after`. */
export function difference(before: string, after: string): { from: number; to: number; insert: string } | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before.charCodeAt(from) === after.charCodeAt(from)) from++;
  let tail = 0;
  while (tail < shorter - from && before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)) tail++;
  return { from, to: before.length - tail, insert: after.slice(from, after.length - tail) };
}

function edge(doc: Text, authors: readonly string[]): RangeSet<GutterMarker> {
  const lines = new RangeSetBuilder<GutterMarker>();
  let from = 0;
  let number = 0;
  for (const line of doc.iterLines()) {
    const marker = AUTHORS[authors[number++] ?? ""];
    if (marker) lines.add(from, from, marker);
    from += line.length + 1;
  }
  return lines.finish();
}

export class CodePane {
  private readonly view: EditorView;
  private readonly language = new Compartment();
  private readonly label = new Compartment();
  private text = "";
  private file = "";
  private shown = "";

  constructor(host: HTMLElement) {
    this.view = new EditorView({
      parent: host,
      state: EditorState.create({
        extensions: [
          EditorState.lineSeparator.of("\n"),
          EditorState.readOnly.of(true),
          EditorView.editable.of(false),
          EditorState.tabSize.of(4),
          marks,
          gutter({ class: "cm-authors", markers: (view) => view.state.field(marks).authors }),
          lineNumbers(),
          highlightSpecialChars(),
          syntaxHighlighting(classHighlighter),
          this.language.of([]),
          this.label.of([]),
        ],
      }),
    });
  }

  show(now: Shown): void {
    const anew = now.file !== this.file;
    const change = difference(this.text, now.text);
    this.text = now.text;
    this.file = now.file;
    const effects: StateEffect<unknown>[] = [];
    const label = `${now.name} ${now.language}`;
    if (label !== this.shown) {
      this.shown = label;
      effects.push(this.language.reconfigure(languageSupport(now.language)));
      const name = now.name ? `${now.name}, read only` : "No file";
      effects.push(this.label.reconfigure(EditorView.contentAttributes.of({ "aria-label": name, tabindex: "0", role: "textbox", "aria-readonly": "true", "aria-multiline": "true" })));
    }
    const doc = change ? this.view.state.doc.replace(change.from, change.to, this.view.state.toText(change.insert)) : this.view.state.doc;
    const ranges: Range<Decoration>[] = [];
    for (const caret of now.carets) {
      const head = Math.min(caret.head, doc.length);
      const anchor = Math.min(caret.anchor, doc.length);
      if (head !== anchor) {
        const mark = Decoration.mark({ class: "remote-selection", attributes: { "data-colour": caret.colour } });
        ranges.push(mark.range(Math.min(anchor, head), Math.max(anchor, head)));
      }
      const below = doc.lineAt(head).number === 1;
      ranges.push(Decoration.widget({ widget: new Caret(caret, below), side: 1 }).range(head));
      if (now.follow === caret.head) ranges.push(Decoration.line({ class: "followed" }).range(doc.lineAt(head).from));
    }
    effects.push(setMarks.of({ authors: now.authors && edge(doc, now.authors), carets: Decoration.set(ranges, true) }));
    this.view.dispatch({ ...(change ? { changes: change } : {}), effects });
    this.keepInView(now.follow, anew);
  }

  setSize(pixels: number): void {
    this.view.dom.style.fontSize = `${pixels}px`;
    this.view.requestMeasure();
  }

  private keepInView(follow: number | null, anew: boolean): void {
    if (follow === null) {
      if (anew) this.view.scrollDOM.scrollTop = 0;
      return;
    }
    const head = Math.min(follow, this.view.state.doc.length);
    // By hand: CodeMirror's own way also scrolls the page around it.
    this.view.requestMeasure({
      key: this,
      read: (view) => ({ block: view.lineBlockAt(head), at: view.coordsAtPos(head), box: view.scrollDOM.getBoundingClientRect() }),
      write: ({ block, at, box }, view) => {
        const scroller = view.scrollDOM;
        const top = block.top + view.documentPadding.top;
        const room = Math.min(60, scroller.clientHeight / 4);
        if (anew || top < scroller.scrollTop + room / 2 || top + block.height > scroller.scrollTop + scroller.clientHeight - room / 2) {
          scroller.scrollTop = anew ? top - scroller.clientHeight / 2 : top < scroller.scrollTop + room ? top - room : top + block.height + room - scroller.clientHeight;
        }
        if (!at) return;
        const left = at.left - box.left;
        if (left < 70) scroller.scrollLeft = Math.max(0, scroller.scrollLeft + left - 110);
        else if (left > box.width - 40) scroller.scrollLeft += left - box.width + 140;
      },
    });
  }
}
