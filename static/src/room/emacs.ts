import { EmacsHandler, emacs } from "@replit/codemirror-emacs";
import { Prec, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import type * as Y from "yjs";

/** Emacs' keys. Their undo is for the editor's own history, which a shared document does not use: `undo` says whose changes go. */
export function emacsKeys(undo: () => Y.UndoManager | null): Extension {
  EmacsHandler.addCommands({
    roomUndo: () => undo()?.undo(),
    roomRedo: () => undo()?.redo(),
  });
  EmacsHandler.bindKey("C-/|C-x u|S-C--|C-z", "roomUndo");
  EmacsHandler.bindKey("S-C-/|S-C-x u|C--|S-C-z", "roomRedo");
  return [Prec.highest(emacs()), EditorView.editorAttributes.of({ "data-keys": "emacs" })];
}
