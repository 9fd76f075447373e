import { Annotation, RangeSet, type Extension, type Range } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, WidgetType, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import type { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";

interface RemoteState {
  user?: { name?: string; member?: string };
  cursor?: { anchor: unknown; head: unknown } | null;
  file?: string;
}

/** Names and colours are told by member, not by what a browser claims. */
export interface Who {
  first(member: string): string;
  colour(member: string): string;
}

const moved = Annotation.define<true>();

/** Asks for all flags again, as "Say who is where" does. */
export const showFlags = Annotation.define<true>();

class Caret extends WidgetType {
  constructor(
    readonly name: string,
    readonly colour: string,
    /** Counts moves: another number makes another element, whose flag shows anew before it fades. */
    readonly move: number,
    readonly below: boolean,
  ) {
    super();
  }

  override eq(other: Caret): boolean {
    return (
      other.name === this.name && other.colour === this.colour && other.move === this.move && other.below === this.below
    );
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement("span");
    caret.className = this.below ? "caret below" : "caret";
    caret.dataset["colour"] = this.colour;
    caret.setAttribute("aria-hidden", "true");
    const flag = document.createElement("b");
    flag.textContent = this.name;
    // The word joiner keeps the line's height; the element itself has no width.
    caret.append("\u2060", flag);
    return caret;
  }

  override get estimatedHeight(): number {
    return -1;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

/** Draws the carets and selections of the others in this file, and tells them where one's own are. */
export function remoteCarets(file: string, text: Y.Text, awareness: Awareness, who: Who): Extension {
  class Carets {
    decorations: DecorationSet = RangeSet.empty;
    private readonly moves = new Map<number, { at: string; count: number }>();
    private readonly heard: (change: { added: number[]; updated: number[]; removed: number[] }) => void;

    constructor(private readonly view: EditorView) {
      this.heard = ({ added, updated, removed }) => {
        const own = awareness.clientID;
        if ([...added, ...updated, ...removed].some((client) => client !== own)) {
          this.view.dispatch({ annotations: moved.of(true) });
        }
      };
      awareness.on("change", this.heard);
      this.draw(false);
    }

    destroy(): void {
      awareness.off("change", this.heard);
    }

    update(update: ViewUpdate): void {
      if (update.docChanged || update.selectionSet || update.focusChanged) this.tell(update.view);
      const again = update.transactions.some((one) => one.annotation(showFlags));
      if (update.docChanged || again || update.transactions.some((one) => one.annotation(moved))) this.draw(again);
    }

    private tell(view: EditorView): void {
      if (!view.hasFocus) return;
      const { anchor, head } = view.state.selection.main;
      const cursor = {
        anchor: Y.createRelativePositionFromTypeIndex(text, anchor),
        head: Y.createRelativePositionFromTypeIndex(text, head),
      };
      const before = awareness.getLocalState() as RemoteState | null;
      if (before?.file === file && JSON.stringify(before.cursor) === JSON.stringify(cursor)) return;
      awareness.setLocalState({ ...before, cursor, file });
    }

    private draw(flags: boolean): void {
      const doc = text.doc as Y.Doc;
      const length = this.view.state.doc.length;
      const ranges: Range<Decoration>[] = [];
      for (const [client, state] of awareness.getStates() as Map<number, RemoteState>) {
        if (client === awareness.clientID || !state.cursor || state.file !== file) continue;
        const anchor = placeOf(state.cursor.anchor, doc, text, length);
        const head = placeOf(state.cursor.head, doc, text, length);
        if (anchor === null || head === null) continue;
        const member = state.user?.member ?? "";
        const colour = who.colour(member);
        if (anchor !== head) {
          const mark = Decoration.mark({ class: "remote-selection", attributes: { "data-colour": colour } });
          ranges.push(mark.range(Math.min(anchor, head), Math.max(anchor, head)));
        }
        const move = this.moveOf(client, JSON.stringify(state.cursor), flags);
        const below = this.view.state.doc.lineAt(head).number === 1;
        const widget = new Caret(who.first(member), colour, move, below);
        ranges.push(Decoration.widget({ widget, side: head > anchor ? -1 : 1 }).range(head));
      }
      this.decorations = Decoration.set(ranges, true);
    }

    private moveOf(client: number, at: string, flags: boolean): number {
      const known = this.moves.get(client);
      if (known && known.at === at && !flags) return known.count;
      const count = (known?.count ?? 0) + 1;
      this.moves.set(client, { at, count });
      return count;
    }
  }
  return ViewPlugin.fromClass(Carets, { decorations: (value) => value.decorations });
}

function placeOf(relative: unknown, doc: Y.Doc, text: Y.Text, length: number): number | null {
  try {
    const position = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(relative), doc);
    if (!position || position.type !== text) return null;
    return Math.min(position.index, length);
  } catch {
    return null; // Not a position: another program's awareness.
  }
}
