import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completeAnyWord,
  completionKeymap,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { linter, lintKeymap, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, Prec, Transaction, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
  type KeyBinding,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { ySyncAnnotation, yUndoManagerKeymap } from "y-codemirror.next";
import type * as Y from "yjs";
import type { Settings } from "../settings";
import { fetchPart, later } from "./later";
import { plainLineEnds } from "./paste";

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
const MOST_MARKS = 50;

/** What every code editor here does, whoever types in it: the room's and the one to practise in. */
export function editing(hint: string): Extension {
  return [
    // The document knows "\n" alone; another line end would shift every position after it.
    EditorState.lineSeparator.of("\n"),
    EditorView.clipboardInputFilter.of((text) => plainLineEnds(text)),
    lineNumbers(),
    highlightActiveLineGutter(),
    highlightActiveLine(),
    highlightSpecialChars({ addSpecialChars: UNSEEN, render: unseen }),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    highlightSelectionMatches({ minSelectionLength: 2 }),
    syntaxHighlighting(classHighlighter),
    placeholder(hint),
    keymap.of([...defaultKeymap, ...searchKeymap, ...yUndoManagerKeymap, ...lintKeymap, indentWithTab]),
    Prec.highest(EditorView.domEventHandlers({ keydown: letTabLeave })),
  ];
}

/** What a person chose for themselves. `undo` says whose changes Vim's `u` and Emacs' `C-/` take back. */
export function personal(settings: Settings, undo: () => Y.UndoManager | null): Extension {
  const keys: KeyBinding[] = [...(settings.close_brackets ? closeBracketsKeymap : []), ...completionKeymap];
  return [
    ownKeys(settings, undo),
    undoSteps(undo),
    Prec.high(keymap.of(keys)),
    settings.close_brackets ? closeBrackets() : [],
    settings.completion ? [autocompletion({ activateOnTyping: true, icons: false }), EditorState.languageData.of(() => [{ autocomplete: words }])] : [],
    settings.lint ? linter(unreadable, { delay: 900 }) : [],
    EditorState.tabSize.of(settings.tab_size),
  ];
}

/**
 * What is taken back at once: a stretch of typing, a stretch of deleting, or one command such as Vim's `dw`. The undo manager
 * alone knows only time, and would take a quick command back together with what was typed before it.
 */
function undoSteps(undo: () => Y.UndoManager | null): Extension {
  let last = "";
  return EditorState.transactionExtender.of((transaction) => {
    if (!transaction.docChanged || transaction.annotation(ySyncAnnotation)) return null;
    const kind = transaction.annotation(Transaction.userEvent) ?? "";
    // A command of Vim's comes as the start of a composition, as one of an input method does.
    const begins = kind === "input.type.compose.start";
    const stretch = ["input.type.compose", "input.type", "delete.backward", "delete.forward"].find((one) => kind === one || kind.startsWith(`${one}.`)) ?? "";
    if (begins || stretch === "" || stretch !== last) undo()?.stopCapturing();
    last = stretch;
    return null;
  });
}

/** Words of the text, beside what the language's own package knows. Without a kind, so that a word that both know stands there once. */
async function words(context: CompletionContext): Promise<CompletionResult | null> {
  const found = await completeAnyWord(context);
  return found && { ...found, options: found.options.map(({ label }) => ({ label })) };
}

let ownUndo: () => Y.UndoManager | null = () => null;
const KEY_SETS: Record<string, () => Promise<Extension>> = {
  vim: async () => (await import("./vim")).vimKeys(() => ownUndo()),
  emacs: async () => (await import("./emacs")).emacsKeys(() => ownUndo()),
};

function ownKeys(settings: Settings, undo: () => Y.UndoManager | null): Extension {
  ownUndo = undo;
  const load = KEY_SETS[settings.keymap];
  return load ? later(settings.keymap, load) : [];
}

/** To be called as early as the settings are known: a person with keys of their own should never type without them. */
export function fetchKeys(settings: Settings): void {
  const load = KEY_SETS[settings.keymap];
  if (load) void fetchPart(settings.keymap, load).catch(() => undefined);
}

/** Where the parser of the file's language finds something that it cannot read. */
export function unreadable(view: EditorView): Diagnostic[] {
  const found: Diagnostic[] = [];
  const length = view.state.doc.length;
  const name = view.state.facet(EditorState.languageData).length > 0 ? syntaxTree(view.state).type.name : "";
  if (name === "Document") return found; // Markdown takes everything.
  syntaxTree(view.state).iterate({
    enter: (node) => {
      if (!node.type.isError || found.length >= MOST_MARKS) return;
      const from = Math.min(node.from, Math.max(0, length - 1));
      const last = found.at(-1);
      if (last && from <= last.to) return;
      found.push({ from, to: Math.min(length, Math.max(node.to, from + 1)), severity: "warning", message: "This cannot be read as code." });
    },
  });
  return found;
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
