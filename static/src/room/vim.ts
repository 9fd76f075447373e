import { Vim, vim } from "@replit/codemirror-vim";
import { Prec, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import type * as Y from "yjs";

/** Vim's keys. Their undo is for the editor's own history, which a shared document does not use: `undo` says whose changes go. */
export function vimKeys(undo: () => Y.UndoManager | null): Extension {
  const action = (name: string, step: (manager: Y.UndoManager) => void): void => {
    Vim.defineAction(name, (cm, { repeat }) => {
      const manager = undo();
      for (let count = Math.max(1, repeat ?? 1); manager && count > 0; count -= 1) step(manager);
      // What comes back is selected, which would be Vim's visual mode.
      const { cm6 } = cm as unknown as { cm6: EditorView };
      cm6.dispatch({ selection: { anchor: cm6.state.selection.main.from } });
    });
  };
  action("undo", (manager) => manager.undo());
  action("redo", (manager) => manager.redo());
  return [Prec.highest(vim({ status: true })), EditorView.editorAttributes.of({ "data-keys": "vim" })];
}
