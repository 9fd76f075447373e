// The code of a moment: read only, with a coloured edge for who wrote each line and the carets of the people.
import { syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, RangeSet, RangeSetBuilder, StateEffect, StateField, type Range, type Text } from "@codemirror/state";
import { Decoration, EditorView, gutter, GutterMarker, highlightSpecialChars, lineNumbers, WidgetType, type DecorationSet } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { highlighting } from "./languages";

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

/** To go through this much code for its colours takes longer than a frame: it is shown plain until the playhead rests. */
const MUCH = 3_000;
const REST_MS = 150;

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
  private resting = 0;

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
          EditorView.scrollHandler.of((view, { head }) => {
            this.keepHeight(view, head, false);
            return true;
          }),
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
    // Where the caret is far away its lines are drawn at once instead of those that are going out of sight.
    const { viewport } = this.view;
    const { follow } = now;
    const isFar = follow !== null && (anew || follow < viewport.from || follow > viewport.to);
    const isMuch = isFar && follow > MUCH && change !== null && change.to - change.from + change.insert.length > MUCH;
    const label = `${now.name} ${now.language}`;
    if (label !== this.shown) {
      this.shown = label;
      clearTimeout(this.resting);
      this.resting = 0;
      if (!isMuch) effects.push(this.language.reconfigure(highlighting(now.language)));
      const name = now.name ? `${now.name}, read only` : "No file";
      effects.push(this.label.reconfigure(EditorView.contentAttributes.of({ "aria-label": name, tabindex: "0", role: "textbox", "aria-readonly": "true", "aria-multiline": "true" })));
    }
    if (isMuch) {
      effects.push(this.language.reconfigure([]));
      clearTimeout(this.resting);
      this.resting = window.setTimeout(() => this.view.dispatch({ effects: this.language.reconfigure(highlighting(now.language)) }), REST_MS);
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
    if (isFar) effects.push(EditorView.scrollIntoView(Math.min(follow, doc.length), { y: "center" }));
    this.view.dispatch({ ...(change ? { changes: change } : {}), effects });
    this.keepInView(now.follow, isFar || anew);
  }

  setSize(pixels: number): void {
    this.view.dom.style.fontSize = `${pixels}px`;
    this.view.requestMeasure();
  }

  /** Both ways by hand: CodeMirror's own way also scrolls the page around it. Up and down at once, so that the first frame is right. */
  private keepInView(follow: number | null, anew: boolean): void {
    const scroller = this.view.scrollDOM;
    if (follow === null) {
      if (anew) scroller.scrollTop = 0;
      return;
    }
    const head = Math.min(follow, this.view.state.doc.length);
    this.keepHeight(this.view, head, anew);
    this.view.requestMeasure({
      key: this,
      read: (view) => ({ at: view.coordsAtPos(head), box: view.scrollDOM.getBoundingClientRect() }),
      write: ({ at, box }, view) => {
        this.keepHeight(view, head, false);
        if (!at) return;
        const left = at.left - box.left;
        if (left < 70) scroller.scrollLeft = Math.max(0, scroller.scrollLeft + left - 110);
        else if (left > box.width - 40) scroller.scrollLeft += left - box.width + 140;
      },
    });
  }

  private keepHeight(view: EditorView, head: number, anew: boolean): void {
    const scroller = view.scrollDOM;
    const block = view.lineBlockAt(head);
    const top = block.top + view.documentPadding.top;
    const height = scroller.clientHeight;
    const room = Math.min(60, height / 4);
    const { scrollTop } = scroller;
    if (anew || top < scrollTop + room / 2 || top + block.height > scrollTop + height - room / 2) {
      scroller.scrollTop = anew ? top - height / 2 : top < scrollTop + room ? top - room : top + block.height + room - height;
    }
  }
}
