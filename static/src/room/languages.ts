import { javascript } from "@codemirror/lang-javascript";
import { python } from "@codemirror/lang-python";
import { indentUnit } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { indentColumns } from "./filenames";
import { laterGrammar } from "./grammars";

export { fileLanguage } from "./filenames";

/** Highlighting and indentation. An unknown language is plain text. */
export function languageSupport(language: string): Extension {
  return [grammar(language), indentUnit.of(" ".repeat(indentColumns(language)) || "\t")];
}

/** The two that most interviews use are there at once, the others are fetched when a file of theirs is opened. */
function grammar(language: string): Extension {
  switch (language) {
    case "python":
      return python();
    case "javascript":
      return javascript();
    case "typescript":
      return javascript({ typescript: true });
    default:
      return laterGrammar(language);
  }
}
