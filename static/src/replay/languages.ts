// Highlighting for the replay. Every grammar is fetched when a file of its language is shown: here nobody types, and the code itself
// should not wait for its colours.
import type { Extension } from "@codemirror/state";
import { laterGrammar } from "../room/grammars";
import { later } from "../room/later";

export { fileLanguage } from "../room/filenames";

export function highlighting(language: string): Extension {
  switch (language) {
    case "python":
      return later(language, async () => (await import("@codemirror/lang-python")).python());
    case "javascript":
      return later(language, async () => (await import("@codemirror/lang-javascript")).javascript());
    case "typescript":
      return later(language, async () => (await import("@codemirror/lang-javascript")).javascript({ typescript: true }));
    default:
      return laterGrammar(language);
  }
}
